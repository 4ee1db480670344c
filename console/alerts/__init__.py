"""The alerts page: firing, pending, silenced and resolved alerts, silences, and links to investigate."""

from __future__ import annotations


def register() -> None:
    from console.alerts import page

    page.register()
