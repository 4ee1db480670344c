"""The first page's numbers and what it says of servers."""

from __future__ import annotations

import math

import promql_parser as pp
import pytest

from console.home.page import _sentence
from console.home.servers import seen_by_prometheus
from console.home.stats import FIGURES, Figure, drawing
from console.times import Span
from llm_telemetry import names
from stores.metric_results import Sample

METRICS = {value.name for value in vars(names).values() if isinstance(value, names.Metric)}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_numbers_ask_for_metrics_of_the_contract(figure: Figure) -> None:
    for text in (figure.now, figure.drawn):
        assert pp.parse(text)
        assert any(name in text for name in METRICS)
        assert "%(" not in text


def up(job: str, value: float, instance: str = "i:1") -> Sample:
    return Sample({"__name__": "up", "job": job, "instance": instance}, 0.0, value)


def test_servers_that_prometheus_scrapes_are_said_once_per_job() -> None:
    found = seen_by_prometheus(
        [
            up("prometheus", 1),
            up("apps", 1, "a:1"),
            up("apps", 0, "b:1"),
            up("otel-collector", 1),
            up("two", 1),
            up("two", 1),
        ],
        {"prometheus"},
    )
    assert [(one.name, one.answers, one.says) for one in found] == [
        ("apps", False, "not scraped: b:1"),
        ("otel-collector", True, "answers its scrapes"),
        ("two", True, "2 answer its scrapes"),
    ]
    assert found[1].about == "OTLP in"


def test_a_drawing_is_a_path_within_its_frame() -> None:
    span = Span(0.0, 10.0)
    assert drawing(((0.0, 0.0), (5.0, 2.0), (10.0, 1.0)), span, 100, 30) == "M0.0,30.0L50.0,0.0L100.0,15.0"
    assert drawing(((0.0, 1.0), (5.0, math.nan), (10.0, 1.0)), span, 100, 30) == "M0.0,0.0L100.0,0.0"
    assert drawing(((0.0, 0.0), (10.0, 0.0)), span, 100, 30) == "M0.0,30.0L100.0,30.0"
    assert drawing(((0.0, 1.0),), span, 100, 30) == ""


@pytest.mark.parametrize(
    ("firing", "critical", "said"),
    [
        (0, 0, "Nothing fires"),
        (1, 0, "1 alert fires"),
        (1, 1, "1 alert fires, 1 critical"),
        (9, 5, "9 alerts fire, 5 critical"),
    ],
)
def test_what_the_banner_says(firing: int, critical: int, said: str) -> None:
    assert _sentence(firing, critical) == said
