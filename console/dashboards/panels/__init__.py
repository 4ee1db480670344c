"""One module per type of panel. Each makes a body that shows answers, again and again in the same place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from console.dashboards.panels import barchart, bargauge, logs, stat, statetimeline, table, timeseries
from console.dashboards.panels.body import Body, Context

BODIES: Final[Mapping[str, Callable[[Context], Body]]] = {
    "barchart": barchart.BarChart,
    "bargauge": bargauge.BarGauge,
    "logs": logs.Logs,
    "stat": stat.Stat,
    "state-timeline": statetimeline.StateTimeline,
    "table": table.TablePanel,
    "timeseries": timeseries.TimeSeries,
}
