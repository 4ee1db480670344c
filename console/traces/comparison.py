"""Compares two traces span by span: durations, spans that only one trace has, and different attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.traces.waterfall import SpanRow, Waterfall
from llm_telemetry import names
from stores import Span
from stores.traces import Value

# Names from the root down to a span; the number tells siblings of the same name apart.
SpanPath = tuple[tuple[str, int], ...]

# Attributes that differ between any two spans, or that have a column of their own.
_NOT_COMPARED = frozenset(
    {"network.peer.port", "client.port", "net.peer.port", "thread.id"}
    | {names.LLM_LATENCY_MS, names.LLM_QUEUE_MS, names.LLM_RETRIEVAL_MS, names.LLM_RETRIEVAL_SCORES}
    | {names.LLM_INPUT_TOKENS, names.GEN_AI_INPUT_TOKENS, names.LLM_OUTPUT_TOKENS, names.GEN_AI_OUTPUT_TOKENS}
    | {names.LLM_COST_USD}
)


@dataclass(frozen=True)
class SpanPair:
    """The spans with the same path in both traces; None if a trace has no such span."""

    name: str
    depth: int
    left: SpanRow | None
    right: SpanRow | None

    @property
    def longer_ms(self) -> float | None:
        if self.left is None or self.right is None:
            return None
        return self.right.span.duration_ms - self.left.span.duration_ms

    @property
    def differences(self) -> Mapping[str, tuple[Value | None, Value | None]]:
        """Attributes and status that differ: left and right value by name."""
        if self.left is None or self.right is None:
            return {}
        left, right = _attributes(self.left.span), _attributes(self.right.span)
        return {
            name: (left.get(name), right.get(name))
            for name in sorted({*left, *right} - _NOT_COMPARED)
            if left.get(name) != right.get(name)
        }


def compare(left: Waterfall, right: Waterfall) -> list[SpanPair]:
    """All spans in the order of the left trace; spans that only the right trace has are inserted by their path."""
    left_rows, right_rows = _by_path(left.rows), _by_path(right.rows)
    return [
        SpanPair(path[-1][0], len(path) - 1, left_rows.get(path), right_rows.get(path))
        for path in _merged(list(left_rows), list(right_rows))
    ]


def _attributes(span: Span) -> Mapping[str, Value]:
    return {**span.attributes, "status": span.status}


def _by_path(rows: Sequence[SpanRow]) -> dict[SpanPath, SpanRow]:
    """Rows are depth first, so a row's parent is the last row before it that is less deep."""
    by_path: dict[SpanPath, SpanRow] = {}
    same_name = Counter[tuple[SpanPath, str]]()
    ancestors: list[SpanPath] = []
    for row in rows:
        ancestors = ancestors[: row.depth]
        parent = ancestors[-1] if ancestors else ()
        name = row.span.name
        path = (*parent, (name, same_name[parent, name]))
        same_name[parent, name] += 1
        ancestors.append(path)
        by_path[path] = row
    return by_path


def _merged(left: Sequence[SpanPath], right: Sequence[SpanPath]) -> list[SpanPath]:
    """All paths. A path that only the right trace has comes after the path that precedes it in the right trace."""
    order = list(left)
    known = set(left)
    for index, path in enumerate(right):
        if path not in known:
            known.add(path)
            order.insert(_position_after(right[index - 1], path, order) if index else 0, path)
    return order


def _position_after(before: SpanPath, path: SpanPath, order: Sequence[SpanPath]) -> int:
    """The index for `path`: after `before`, and after the rest of the branch of `before` that `path` is not in."""
    shared = 0
    while shared < min(len(before), len(path)) and before[shared] == path[shared]:
        shared += 1
    branch = before[: shared + 1]
    index = order.index(before) + 1
    while shared < len(before) and index < len(order) and order[index][: shared + 1] == branch:
        index += 1
    return index
