"""Two traces beside each other."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from nicegui import ui

from alert_sink.console_pages import trace_page
from console.query.tables import Link, table
from console.services import services
from console.states import failed, loading, no_data
from console.traces.comparison import Pair, compare
from console.traces.fall import cost, text_of, tokens
from console.traces.waterfall import Row, Waterfall, waterfall
from console.units import formatted
from stores import StoreError, Trace
from stores.traces import Value

_LONGEST: Final = 120  # characters of a value


class ComparisonPage:
    """One person's comparison."""

    def __init__(self, left: str, right: str) -> None:
        self._ids = (left.strip(), right.strip())
        self._body = ui.element("div")
        with self._body:
            if all(self._ids):
                loading("Asking the trace store…")
                ui.timer(0, self._ask, once=True)
            else:
                no_data("two traces are compared; choose them in the list of traces")
                ui.link("To the traces", "/traces")

    async def _ask(self) -> None:
        ask, trace = services().tried, services().stores.traces.trace
        answers = await asyncio.gather(*(ask(trace, one.lower().rjust(32, "0")) for one in self._ids))
        self._body.clear()
        with self._body:
            found = [answer for answer in answers if isinstance(answer, Trace)]
            if len(found) == len(answers):
                self._show(*map(waterfall, found))
                return
            for trace_id, answer in zip(self._ids, answers, strict=True):
                if isinstance(answer, StoreError):
                    failed(answer)
                elif answer is None:
                    no_data(f"the store has no trace {trace_id}")

    def _show(self, left: Waterfall, right: Waterfall) -> None:
        links = [Link(trace_id, trace_page(trace_id)) for trace_id in self._ids]
        with ui.element("div").classes("card totals"):
            table(
                ("", "A", "B", "B against A"),
                [*totals(left, right), ("trace", *links, "")],
                ("A", "B"),
                about="Both in sum",
            )
        with ui.element("section").classes("card").props('aria-label="Span for span"'):
            Pairs([row_of(pair) for pair in compare(left, right)])


class Pairs(ui.element, component="pairs.js"):
    """The spans of both, in the browser."""

    def __init__(self, pairs: list[dict[str, Any]]) -> None:
        super().__init__()
        self.props["pairs"] = pairs


def totals(left: Waterfall, right: Waterfall) -> list[tuple[str, str, str, str]]:
    """What, how much in A, how much in B, and the difference."""

    def line(name: str, unit: str, a: float | None, b: float | None) -> tuple[str, str, str, str]:
        return name, formatted(a, unit), formatted(b, unit), difference(a, b, unit)

    of_a, of_b = left.total, right.total
    return [
        line("duration", "ms", left.duration_ms, right.duration_ms),
        line("cost", "currencyUSD", of_a.dollars, of_b.dollars),
        line("input tokens", "locale", of_a.input_tokens, of_b.input_tokens),
        line("output tokens", "locale", of_a.output_tokens, of_b.output_tokens),
        line("spans", "locale", len(left.rows), len(right.rows)),
        line("failed spans", "locale", left.errors, right.errors),
    ]


def difference(a: float | None, b: float | None, unit: str) -> str:
    """How much more B is, also as a share of A."""
    if a is None or b is None:
        return "–"
    if a == b:
        return "the same"
    sign = "+" if b > a else ""
    share = f" ({sign}{formatted((b - a) / a, 'percentunit')})" if a else ""
    return f"{sign}{formatted(b - a, unit)}{share}"


def row_of(pair: Pair) -> dict[str, Any]:
    """A pair as the browser gets it."""
    sides = (pair.left, pair.right)
    longer = pair.longer_ms
    return {
        "name": pair.name,
        "depth": pair.depth,
        "only": "A" if pair.right is None else "B" if pair.left is None else "",
        "failed": [name for name, row in zip("AB", sides, strict=True) if row and row.span.status == "error"],
        "left": _duration(pair.left),
        "right": _duration(pair.right),
        "longer": longer,
        "longerText": "" if longer is None else f"{'+' if longer > 0 else ''}{formatted(longer, 'ms')}",
        "tokens": [tokens(row.usage) if row and row.usage else "" for row in sides],
        "costs": [cost(row.usage) if row and row.usage else "" for row in sides],
        "differences": [[name, _short(a), _short(b)] for name, (a, b) in pair.differences.items()],
    }


def _duration(row: Row | None) -> str:
    return formatted(row.span.duration_ms, "ms") if row else ""


def _short(value: Value | None) -> str:
    text = "(none)" if value is None else text_of(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
