"""Events have RFC 3339 timestamps in milliseconds."""

from __future__ import annotations

import pytest
from recorded_telemetry import ENDPOINT, Recorded

import llm_telemetry as lt


def test_timestamps_are_rfc_3339_in_milliseconds(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_795_562_109_007_999_999)
    lt.record_cache(True, endpoint=ENDPOINT)
    assert recorded.line()["timestamp"] == "2026-11-24T23:15:09.007Z"
    assert recorded.records()[0].timestamp == 1_795_562_109_007_999_999
