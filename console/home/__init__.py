"""The home page: firing alerts, key figures, dashboards and servers."""

from __future__ import annotations


def register() -> None:
    """Declare the page. It is imported here, so that other packages can import parts of this one without it."""
    from console.home import page

    page.register()
