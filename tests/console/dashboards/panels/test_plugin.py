"""Proves how series are reduced to single values."""

from __future__ import annotations

from sample_dashboards import NOW, data_of, panel_of

from console.dashboards.panels.plugin import field_displays
from stores.metric_results import Sample, Series


def test_an_instant_value_is_the_servers_value_with_its_unit() -> None:
    stat = panel_of(
        "stat", {"expr": "x", "instant": True}, fieldConfig={"defaults": {"unit": "currencyUSD", "decimals": 3}}
    )
    [one] = field_displays(data_of(stat, [Sample({}, NOW, 10.7604)]))
    assert (one.value, one.config.display(one.value).text) == (10.7604, "$10.760")


def test_a_series_is_reduced_by_the_panels_calculation() -> None:
    series = [Series({}, ((NOW - 60, 5.0), (NOW, 3.0)))]
    for calculation, value in (("lastNotNull", 3.0), ("max", 5.0)):
        stat = panel_of("stat", {"expr": "x"}, options={"reduceOptions": {"calcs": [calculation]}})
        [one] = field_displays(data_of(stat, series))
        assert one.value == value
