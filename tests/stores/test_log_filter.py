"""A filter of log lines says the same in LogQL and in LogsQL."""

from __future__ import annotations

import math

import pytest
import store_sent as sent

from stack.stores import Stores
from stores import LogFilter


@pytest.mark.parametrize(
    ("which", "ms"),
    [
        (LogFilter(), [9000, 1600, 1500, 0]),
        (LogFilter("nobody"), []),
        (LogFilter(trace_id=sent.ASKED), [0]),
        (LogFilter(fields={"event": "llm_call"}), [1500, 0]),
        (LogFilter(fields={"event": "llm"}), []),
        (LogFilter(fields={"event": "LLM_call"}), []),
        (LogFilter(fields={"input_tokens": 1847}), [0]),
        (LogFilter(fields={"input_tokens": 1847.0}), [0]),
        (LogFilter(fields={"input_tokens": 184}), []),
        (LogFilter(fields={"cost_usd": 1.25e-05}), [0]),
        (LogFilter(fields={"latency_ms": 1200}), [0]),
        (LogFilter(fields={"cache_hit": True}), [1500]),
        (LogFilter(fields={"cache_hit": False, "model": "gpt-4o"}), [0]),
        (LogFilter(fields={"user_id": "0123"}), [0]),
        (LogFilter(fields={"http.route": "/ask"}), [0]),
        (LogFilter(fields={"event": ""}), [9000, 1600]),
        (LogFilter(fields={"nasty": sent.NASTY}), [0]),
        (LogFilter(text="ave u"), [9000]),
        (LogFilter(text="gave"), []),
        (LogFilter(text=sent.NASTY), [1600]),
        (LogFilter(text="llm_call", fields={"model": "gpt-4o"}), [1500, 0]),
        (LogFilter(start=sent.T0, end=sent.T0 + 1.5), [0]),  # the start is in it, the end is not
        (LogFilter(start=sent.T0 + 1.5, end=sent.T0 + 9), [1600, 1500]),
    ],
)
def test_a_filter_in_logsql_finds_its_lines(stores: Stores, which: LogFilter, ms: list[int]) -> None:
    lines = stores.logs.query(which)
    assert [round((line.time - sent.T0) * 1000) for line in lines if line.service == "demo-app"] == ms


@pytest.mark.parametrize(
    ("which", "logql"),
    [
        (LogFilter(), '{service_name=~".+"}'),
        (LogFilter(sent.NASTY), r'{service_name="a\"b\\c\nd|e} ]`é"}'),
        (LogFilter(text='"} | drop x'), r'{service_name=~".+"} |= "\"} | drop x"'),
        (LogFilter(fields={'x="" or y': "1", "9a": "b"}), '{service_name=~".+"} | x____or_y = "1" | key_9a = "b"'),
        (LogFilter(fields={"ok": True}), '{service_name=~".+"} | ok = "true"'),
        (LogFilter(fields={"n": -1.25e-05}), '{service_name=~".+"} | n == -0.0000125 | __error__ = ""'),
    ],
)
def test_a_filter_in_logql(which: LogFilter, logql: str) -> None:
    assert which.logql() == logql


@pytest.mark.parametrize("step", [0, -1, math.nan])
def test_a_step_must_be_positive(stores: Stores, step: float) -> None:
    with pytest.raises(ValueError, match="a step of"):
        stores.logs.histogram(LogFilter(), step)


def test_a_field_needs_a_name() -> None:
    with pytest.raises(ValueError, match="without a name"):
        LogFilter(fields={"": "x"})
