"""Proves that the generator's samples are read completely, and that an overloaded generator is recognised."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from loadtest.health import GeneratorHealth, GeneratorSample, SampleFile


def test_an_incomplete_line_is_read_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "generator.jsonl"
    file = SampleFile(path)
    file.read()
    assert file.samples == []
    first, second = GeneratorSample(1, 5, 5, 4, 0, 1.0, 0.1), GeneratorSample(2, 9, 9, 8, 1, 2.0, 0.2)
    text = "".join(json.dumps(asdict(sample)) + "\n" for sample in (first, second))
    path.write_text(text[:-5])
    file.read()
    assert file.samples == [first]
    path.write_text(text)
    file.read()
    assert file.samples == [first, second]


def samples(cpu: float, late_ms: float, not_started: int = 0) -> list[GeneratorSample]:
    """30 seconds with 5 due requests each, of which one fails."""
    return [GeneratorSample(n, 5 * n, 5 * n - min(not_started, n), 5 * n, n, late_ms, cpu) for n in range(31)]


def test_rates_and_error_share_are_means() -> None:
    health = GeneratorHealth.of(samples(0.1, 5.0))
    assert (health.requested_rate, health.achieved_rate, health.was_bottleneck) == (5.0, 5.0, False)
    assert health.error_share == pytest.approx(0.2)


def test_too_much_cpu_or_a_late_clock_makes_the_generator_the_bottleneck() -> None:
    assert GeneratorHealth.of(samples(0.97, 5.0)).was_bottleneck
    assert GeneratorHealth.of(samples(0.1, 600.0)).was_bottleneck


def test_a_slow_application_does_not_make_the_generator_the_bottleneck() -> None:
    health = GeneratorHealth.of(samples(0.1, 5.0, not_started=30))
    assert health.achieved_rate == 4.0
    assert not health.was_bottleneck


def test_fewer_than_two_samples_have_no_rate() -> None:
    assert GeneratorHealth.of(samples(0.1, 5.0)[:1]).achieved_rate == 0
