"""Log fields of the contract have types, and text that does not fit stays text."""

from __future__ import annotations

from llm_telemetry import names
from stores.log_fields import TYPES, typed


def test_every_field_of_the_contract_has_a_type() -> None:
    assert set(TYPES) == set(names.LOG_FIELDS)
    assert [name for name, kind in TYPES.items() if kind is not str] == [
        "input_tokens", "output_tokens", "latency_ms", "ttft_ms", "retrieval_ms", "cost_usd", "cache_hit",
        "retrieval_chunks", "attempts", "faithfulness_score", "answer_relevance_score",
    ]  # fmt: skip


def test_text_that_does_not_fit_its_type_stays_text() -> None:
    assert [typed("input_tokens", "many"), typed("cache_hit", "perhaps"), typed("input_tokens", "7")] == [
        "many", "perhaps", 7,
    ]  # fmt: skip
