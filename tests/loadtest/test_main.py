"""Proves that `python -m loadtest list` fits a terminal and shows every scenario."""

from __future__ import annotations

import pytest

from loadtest.__main__ import _list
from loadtest.scenarios import SCENARIOS


def test_the_list_shows_every_scenario_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    _list()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for scenario in SCENARIOS:
        assert f"  {scenario.name:<15} {scenario.about}" in lines
