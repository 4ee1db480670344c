"""Alerts: firing, pending, silenced and resolved, with what to do about them."""

from __future__ import annotations


def register() -> None:
    """Declare the page. Imported here, so that parts of this package can be used without pages."""
    from console.alerts import page

    page.register()
