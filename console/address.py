"""A page's address is its state: read once, and pushed to the browser's history when a person changes something."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from nicegui import ui
from starlette.requests import Request


@dataclass(frozen=True)
class Address:
    """Path and parameters; a parameter may be repeated."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: Request) -> Address:
        """What the browser asked for."""
        return cls(request.url.path, tuple(request.query_params.multi_items()))

    def value(self, name: str, default: str = "") -> str:
        """The last value of a parameter."""
        return next((value for key, value in reversed(self.parameters) if key == name), default)

    def values(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def with_parameters(self, new: Mapping[str, str | Sequence[str] | None]) -> Address:
        """With these parameters instead; None takes one away."""
        kept = [(key, value) for key, value in self.parameters if key not in new]
        for name, value in new.items():
            if value is not None:
                kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return Address(self.path, tuple(kept))

    def push(self) -> None:
        """Show it in the browser's address bar; the back button returns to the one before."""
        ui.run_javascript(f"consoleUi.push({json.dumps(str(self))})")

    def __str__(self) -> str:
        query = urlencode(self.parameters, safe="/:", quote_via=quote)
        return quote(self.path) + (f"?{query}" if query else "")
