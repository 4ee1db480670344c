"""A failed retrieval has an error type and no latency."""

from __future__ import annotations

import pytest
from recorded_telemetry import ENDPOINT, Recorded

import llm_telemetry as lt


def test_a_failed_retrieval_has_an_error_type_and_no_latency(recorded: Recorded) -> None:
    with pytest.raises(ConnectionError), lt.observe_retrieval(endpoint=ENDPOINT):
        raise ConnectionError
    assert recorded.value("llm_retrieval_latency_ms_count") in (None, 0)
    assert recorded.span("retrieval").status.description == "connection"
