"""Templates of PromQL: durations, buckets and names."""

from __future__ import annotations

import pytest

from dashboards_src import promql


def test_a_duration_in_seconds() -> None:
    assert promql.seconds("1h30m") == 5400


@pytest.mark.parametrize("text", ["", "5", "5 m", "1h 30m", "5y"])
def test_other_texts_are_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        promql.seconds(text)


@pytest.mark.parametrize(("edge", "matcher"), [(3000, 'le="3000.0"'), (0.75, 'le="0.75"')])
def test_a_bucket_is_written_as_prometheus_stores_a_scraped_one(edge: float, matcher: str) -> None:
    assert promql.bucket(edge) == matcher


def test_a_value_has_the_scale_that_is_generated() -> None:
    assert promql.render("[%(RATE)s]", promql.template_values("production")) == "[5m]"
    assert promql.render("[%(RATE)s] %(RATE.s)s", promql.template_values("rehearsal")) == "[30s] 30"


def test_a_metric_has_its_name_and_its_stem() -> None:
    values = promql.template_values("production")
    assert promql.render("%(REQUESTS)s %(REQUESTS.stem)s", values) == "llm_requests_total llm_requests"


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        promql.render("%(REQESTS)s", promql.template_values("production"))
