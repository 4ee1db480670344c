"""The home page: firing alerts, key figures, dashboards and servers."""

from __future__ import annotations


def register() -> None:
    from console.home import page

    page.register()
