"""One module per panel type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from console.dashboards.panels import bar_chart, bar_gauge, logs, stat, state_timeline, table, time_series
from console.dashboards.panels.plugin import OnZoom, PanelPlugin

PANEL_PLUGINS: Final[Mapping[str, Callable[[OnZoom], PanelPlugin]]] = {  # by Grafana's name of the type
    "barchart": bar_chart.BarChart,
    "bargauge": bar_gauge.BarGauge,
    "logs": logs.Logs,
    "stat": stat.Stat,
    "state-timeline": state_timeline.StateTimeline,
    "table": table.Table,
    "timeseries": time_series.TimeSeries,
}
