"""REHEARSAL: what it may be, and what it makes of a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from alert_sink.settings import SinkSettings
from dashboards_src.config import Scale
from stack.failure import StackFailure
from stack.render import TIMINGS, context
from stack.settings import Stack


@pytest.mark.parametrize(
    ("said", "scale"),
    [
        ("", "production"), ("0", "production"), ("off", "production"), ("OFF", "production"),
        ("1", "rehearsal"), ("on", "rehearsal"), ("On", "rehearsal"),
    ],
)  # fmt: skip
def test_it_says_which_time_scale(said: str, scale: Scale) -> None:
    assert Stack.load({"REHEARSAL": said}).scale == scale


@pytest.mark.parametrize("said", ["2", "yes", "production", " "])
def test_anything_else_is_an_error_that_says_what_to_use(said: str, tmp_path: Path) -> None:
    stack = Stack.load({"REHEARSAL": said, "STACK_STATE": str(tmp_path)})
    for ask in (lambda: stack.scale, lambda: context(stack, [])):
        with pytest.raises(StackFailure, match="REHEARSAL is") as failure:
            ask()
        assert failure.value.next_step == "Use 1 for a rehearsal's time scale, 0 for production's."


def test_a_switch_wins_over_the_option() -> None:
    assert Stack.load({"REHEARSAL": "1"}).at("production").scale == "production"
    assert Stack.load({}).at("rehearsal").scale == "rehearsal"


def test_what_runs_is_remembered(tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path)})
    assert (stack.profile, stack.running_scale) == ("", "production")
    stack.at("rehearsal").remember("lite")
    assert (stack.profile, stack.running_scale) == ("lite", "rehearsal")
    stack.remember("full")
    assert (stack.profile, stack.running_scale) == ("full", "production")


@pytest.mark.parametrize("scale", ["production", "rehearsal"])
def test_the_interval_is_the_time_scales_unless_it_is_set(scale: Scale, tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path)}).at(scale)
    assert context(stack, [])["SCRAPE_INTERVAL"] == f"{TIMINGS[scale].interval_s}s"
    set_to = Stack.load({"STACK_STATE": str(tmp_path), "SCRAPE_INTERVAL": "2s"}).at(scale)
    assert context(set_to, [])["SCRAPE_INTERVAL"] == "2s"


def test_the_sink_waits_longer_than_any_pause_between_watchdogs() -> None:
    assert all(3 * timing.watchdog_interval_s < SinkSettings.silence_s for timing in TIMINGS.values())
