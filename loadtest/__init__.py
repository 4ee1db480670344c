"""Load tests: scenarios put load on the running stack, break something, and check that the right alerts come."""

from stack.failure import StackFailure


class LoadFailure(StackFailure):
    """A scenario cannot be run, or not to its end."""
