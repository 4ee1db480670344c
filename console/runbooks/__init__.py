"""The runbook pages, with queries that run on the page."""
