"""The first page: is anything wrong, and where to look."""

from __future__ import annotations


def register() -> None:
    """Declare the page. Imported here, so that parts of this package can be used without pages."""
    from console.home import page

    page.register()
