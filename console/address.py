"""A page's address holds its state: it is read once, and each change is pushed to the browser's history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from nicegui import ui
from starlette.requests import Request


@dataclass(frozen=True)
class Address:
    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: Request) -> Address:
        return cls(request.url.path, tuple(request.query_params.multi_items()))

    def value(self, name: str, default: str = "") -> str:
        """The last value, where the parameter is repeated."""
        return next((value for key, value in reversed(self.parameters) if key == name), default)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.parameters if key == name]

    def with_parameters(self, new: Mapping[str, str | Sequence[str] | None]) -> Address:
        """Replace these parameters; None removes a parameter."""
        kept = [(key, value) for key, value in self.parameters if key not in new]
        for name, value in new.items():
            if value is not None:
                kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return Address(self.path, tuple(kept))

    def push(self) -> None:
        """Show this address in the browser's address bar; the back button returns to the previous one."""
        ui.run_javascript(f"consoleUi.push({json.dumps(str(self))})")

    def __str__(self) -> str:
        query = urlencode(self.parameters, safe="/:", quote_via=quote)
        return quote(self.path) + (f"?{query}" if query else "")
