"""Load tests: scenarios put load on the running stack, break something, and check that the right alerts come."""
