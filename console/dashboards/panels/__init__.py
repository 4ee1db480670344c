"""One module per type of panel. Each makes a body that shows answers, again and again in the same place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from console.dashboards.panels import (
    alertlist,
    barchart,
    bargauge,
    gauge,
    logs,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
    traces,
)
from console.dashboards.panels.body import Body, Context

BODIES: Final[Mapping[str, Callable[[Context], Body]]] = {
    "alertlist": alertlist.AlertList,
    "barchart": barchart.BarChart,
    "bargauge": bargauge.BarGauge,
    "gauge": gauge.Gauge,
    "graph": timeseries.TimeSeries,
    "logs": logs.Logs,
    "stat": stat.Stat,
    "state-timeline": statetimeline.StateTimeline,
    "table": table.TablePanel,
    "text": text.Text,
    "timeseries": timeseries.TimeSeries,
    "traces": traces.Traces,
}
