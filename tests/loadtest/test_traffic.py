"""Proves that traffic reaches the load generator through its file, and that its endpoints exist."""

from __future__ import annotations

from pathlib import Path

from demo_app.answering import ENDPOINTS
from loadtest.traffic import ANSWER, STREAM, SUMMARISE, Traffic


def test_traffic_is_read_as_it_was_written(tmp_path: Path) -> None:
    traffic = Traffic(rate=7.0, mix={ANSWER: 1.0})
    traffic.write(tmp_path / "traffic.json")
    assert Traffic.read(tmp_path / "traffic.json") == traffic
    assert [path.name for path in tmp_path.iterdir()] == ["traffic.json"]


def test_the_endpoints_are_those_of_the_application() -> None:
    assert {ANSWER, STREAM, SUMMARISE} == set(ENDPOINTS)
