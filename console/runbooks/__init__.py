"""Runbooks, rendered, with queries that run in place."""

from __future__ import annotations


def register() -> None:
    """Declare the pages. Imported here, so that parts of this package can be used without pages."""
    from console.runbooks import page

    page.register()
