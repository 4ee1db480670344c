"""Every error type of a model has a status, a message and a hint."""

from __future__ import annotations

from demo_app.failures import _RESPONSES, ModelFailure
from llm_telemetry.names import ERROR_TYPES, HALLUCINATION


def test_every_error_type_has_a_response() -> None:
    assert set(_RESPONSES) == set(ERROR_TYPES) - {HALLUCINATION}
    for error_type in _RESPONSES:
        failure = ModelFailure(error_type)
        assert 400 <= failure.status < 600
        assert failure.message.endswith(".")
        assert failure.hint.endswith(".")
