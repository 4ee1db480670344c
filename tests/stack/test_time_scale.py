"""Proves which values REHEARSAL accepts, and which time scale and intervals a stack has then."""

from __future__ import annotations

from pathlib import Path

import pytest

from alert_sink.settings import SinkSettings
from dashboards_src.config import Scale
from stack.failure import StackFailure
from stack.render import TIMINGS, context
from stack.settings import Stack


@pytest.mark.parametrize(
    ("value", "scale"),
    [
        ("", "production"), ("0", "production"), ("off", "production"), ("OFF", "production"),
        ("1", "rehearsal"), ("on", "rehearsal"), ("On", "rehearsal"),
    ],
)  # fmt: skip
def test_rehearsal_sets_the_time_scale(value: str, scale: Scale) -> None:
    assert Stack.load({"REHEARSAL": value}).scale == scale


@pytest.mark.parametrize("value", ["2", "yes", "production", " "])
def test_any_other_value_is_an_error_that_names_the_valid_values(value: str, tmp_path: Path) -> None:
    stack = Stack.load({"REHEARSAL": value, "STACK_STATE": str(tmp_path)})
    for ask in (lambda: stack.scale, lambda: context(stack, [])):
        with pytest.raises(StackFailure, match="REHEARSAL is") as failure:
            ask()
        assert failure.value.next_step == "Use 1 for the time scale of load tests, 0 for production."


def test_a_switch_overrides_rehearsal() -> None:
    assert Stack.load({"REHEARSAL": "1"}).with_scale("production").scale == "production"
    assert Stack.load({}).with_scale("rehearsal").scale == "rehearsal"


def test_profile_and_time_scale_of_the_running_stack_are_remembered(tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path)})
    assert (stack.profile, stack.running_scale) == ("", "production")
    stack.with_scale("rehearsal").remember("lite")
    assert (stack.profile, stack.running_scale) == ("lite", "rehearsal")
    stack.remember("full")
    assert (stack.profile, stack.running_scale) == ("full", "production")


@pytest.mark.parametrize("scale", ["production", "rehearsal"])
def test_scrape_interval_overrides_the_interval_of_the_time_scale(scale: Scale, tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path)}).with_scale(scale)
    assert context(stack, [])["SCRAPE_INTERVAL"] == f"{TIMINGS[scale].interval_s}s"
    set_to = Stack.load({"STACK_STATE": str(tmp_path), "SCRAPE_INTERVAL": "2s"}).with_scale(scale)
    assert context(set_to, [])["SCRAPE_INTERVAL"] == "2s"


def test_the_sink_waits_for_at_least_three_watchdogs() -> None:
    assert all(3 * timing.watchdog_interval_s < SinkSettings.silence_s for timing in TIMINGS.values())
