"""Two traces, span for span: what took longer, what only one of them has, what was said differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.traces.waterfall import Row, Waterfall
from llm_telemetry import names
from stores import Span
from stores.traces import Value

Place = tuple[tuple[str, int], ...]  # names from the root down, each with which of its namesakes it is

# What differs between any two spans and says nothing, or has a column of its own.
_NOT_TOLD = frozenset(
    {"network.peer.port", "client.port", "net.peer.port", "thread.id"}
    | {names.LLM_LATENCY_MS, names.LLM_QUEUE_MS, names.LLM_RETRIEVAL_MS, names.LLM_RETRIEVAL_SCORES}
    | {names.LLM_INPUT_TOKENS, names.GEN_AI_INPUT_TOKENS, names.LLM_OUTPUT_TOKENS, names.GEN_AI_OUTPUT_TOKENS}
    | {names.LLM_COST_USD}
)


@dataclass(frozen=True)
class Pair:
    """The same place in both traces; None where a trace has no such span."""

    name: str
    depth: int
    left: Row | None
    right: Row | None

    @property
    def longer_ms(self) -> float | None:
        """By how much the right one takes longer."""
        if self.left is None or self.right is None:
            return None
        return self.right.span.duration_ms - self.left.span.duration_ms

    @property
    def differences(self) -> Mapping[str, tuple[Value | None, Value | None]]:
        """Attributes that are not the same, with the value of each."""
        if self.left is None or self.right is None:
            return {}
        left, right = _said(self.left.span), _said(self.right.span)
        return {
            name: (left.get(name), right.get(name))
            for name in sorted({*left, *right} - _NOT_TOLD)
            if left.get(name) != right.get(name)
        }


def compare(left: Waterfall, right: Waterfall) -> list[Pair]:
    """Both traces in one order: that of the left one, with what only the right one has put where it belongs."""
    of_left, of_right = _by_place(left.rows), _by_place(right.rows)
    return [
        Pair(place[-1][0], len(place) - 1, of_left.get(place), of_right.get(place))
        for place in _merged(list(of_left), list(of_right))
    ]


def _said(span: Span) -> Mapping[str, Value]:
    return {**span.attributes, "status": span.status}


def _by_place(rows: Sequence[Row]) -> dict[Place, Row]:
    """Rows are depth first, so the place above a row is the last one that is less deep."""
    found: dict[Place, Row] = {}
    namesakes = Counter[tuple[Place, str]]()
    above: list[Place] = []
    for row in rows:
        above = above[: row.depth]
        parent = above[-1] if above else ()
        name = row.span.name
        place = (*parent, (name, namesakes[parent, name]))
        namesakes[parent, name] += 1
        above.append(place)
        found[place] = row
    return found


def _merged(left: Sequence[Place], right: Sequence[Place]) -> list[Place]:
    """All places; one that only the right trace has follows what it follows there."""
    order = list(left)
    known = set(left)
    for index, place in enumerate(right):
        if place not in known:
            known.add(place)
            order.insert(_behind(right[index - 1], place, order) if index else 0, place)
    return order


def _behind(before: Place, place: Place, order: Sequence[Place]) -> int:
    """Where `place` goes: behind `before`, and behind all of the branch of `before` that `place` is not in."""
    shared = 0
    while shared < min(len(before), len(place)) and before[shared] == place[shared]:
        shared += 1
    branch = before[: shared + 1]
    at = order.index(before) + 1
    while shared < len(before) and at < len(order) and order[at][: shared + 1] == branch:
        at += 1
    return at
