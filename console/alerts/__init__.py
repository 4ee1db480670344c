"""The alerts page: firing, pending, silenced and resolved alerts, silences, and links to investigate."""

from __future__ import annotations


def register() -> None:
    """Declare the page. It is imported here, so that other packages can import parts of this one without it."""
    from console.alerts import page

    page.register()
