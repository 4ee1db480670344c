"""The runbook pages, with queries that run on the page."""

from __future__ import annotations


def register() -> None:
    from console.runbooks import page

    page.register()
