"""Types of the contract's log fields. Both log stores return text, which is converted back here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llm_telemetry import names

FieldValue = str | int | float | bool

_WHOLE: Final = frozenset({"input_tokens", "output_tokens", "retrieval_chunks", "attempts"})
_FRACTION: Final = frozenset(
    {"latency_ms", "ttft_ms", "retrieval_ms", "cost_usd", "faithfulness_score", "answer_relevance_score"}
)
_YES_NO: Final = frozenset({"cache_hit"})

TYPES: Final[Mapping[str, type[FieldValue]]] = {
    name: int if name in _WHOLE else float if name in _FRACTION else bool if name in _YES_NO else str
    for name in names.LOG_FIELDS
}


def typed(name: str, text: str) -> FieldValue:
    """The value of field `name` in its type. Unchanged if the contract has no such field or the text does not fit."""
    kind = TYPES.get(name, str)
    if kind is bool:
        return text == "true" if text in ("true", "false") else text
    try:
        return kind(text)
    except ValueError:
        return text
