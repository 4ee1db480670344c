"""The runbook pages, with queries that run on the page."""

from __future__ import annotations


def register() -> None:
    """Declare the pages. They are imported here, so that other packages can import parts of this one without them."""
    from console.runbooks import page

    page.register()
