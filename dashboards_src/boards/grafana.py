"""Classic dashboard JSON for Grafana 13, made with grafanalib 0.7.

grafanalib writes schema version 12. It has no exemplars, no targets for Loki and Tempo, and no field options of the
newer panels. Its `extraJson` adds them here, and `to_json` removes keys that no current Grafana reads. One function
below makes each type of panel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards_src import config
from dashboards_src.boards.searches import LogSearch, TraceSearch
from dashboards_src.boards.targets import Json, LokiQuery, PrometheusQuery, TempoQuery
from dashboards_src.boards.thresholds import NO_THRESHOLDS, Thresholds

SCHEMA_VERSION: Final = 42  # the newest of classic JSON: Grafana 13 has nothing to migrate
# GRAFANA_VERSION of .env (a test compares). A panel without a version is migrated from version 6 and loses options.
PLUGIN_VERSION: Final = "13.2.0"

Panel = Any  # of grafanalib, which has no types

# Units as Grafana names them.
MS: Final = "ms"
SECONDS: Final = "s"
SHARE: Final = "percentunit"  # 0 to 1
DOLLARS: Final = "currencyUSD"
PER_MINUTE: Final = "reqpm"
COUNT: Final = "short"
PER_SECOND: Final = "cps"
BYTES: Final = "bytes"
TIMES: Final = "suffix: ×"
SCORE: Final = "none"  # 0 to 1, as alerts show it
STATE: Final = "none"

MONEY_DECIMALS: Final = 3  # tenths of a cent

RUNBOOKS_VARIABLE: Final = "runbooks_url"
RUNBOOKS: Final = f"${{{RUNBOOKS_VARIABLE}}}"  # base address, a variable that a running stack sets

# --- Links ----------------------------------------------------------------------------------------------


def runbook(alert: str) -> Json:
    return {"targetBlank": True, "title": f"Runbook {alert}", "url": f"{RUNBOOKS}/{alert}"}


def dashboard(uid: str, title: str) -> Json:
    """A link to another dashboard, with the same time range and variables."""
    variables = "&".join(f"${{{name}:queryparam}}" for name in config.VARIABLES)
    return {"targetBlank": False, "title": title, "url": f"/d/{uid}?${{__url_time_range}}&{variables}"}


# --- Panels ---------------------------------------------------------------------------------------------

COLUMNS: Final = 24


@dataclass(frozen=True)
class PanelOptions:
    """Options that every type of panel has."""

    title: str
    description: str
    unit: str
    size: tuple[int, int] = (8, 8)  # width (of 24 columns), height
    thresholds: Thresholds = NO_THRESHOLDS
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    alerts: Sequence[str] = ()  # links to their runbooks
    links: Sequence[Json] = ()  # beside those to runbooks
    time_from: str | None = None  # instead of the dashboard's time range
    time_shift: str | None = None
    interval: str | None = None  # smallest step
    repeat: str | None = None  # name of a variable: one panel per chosen value
    mappings: Sequence[Json] = ()
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    no_value: str | None = None

    def arguments(self, targets: Sequence[Any], **options: Any) -> Json:
        """Arguments of a panel of grafanalib; `options` become field options and panel options."""
        defaults: Json = {
            "unit": self.unit,
            "decimals": self.decimals,
            "min": self.minimum,
            "max": self.maximum,
            "noValue": self.no_value,
            "mappings": list(self.mappings),
            "color": {"mode": options.pop("color", "thresholds")},
            "thresholds": {"mode": "absolute", "steps": self.thresholds.to_json_data()},
            "custom": options.pop("custom", {}),
        }
        repeat = core.Repeat(direction="h", variable=self.repeat) if self.repeat else core.Repeat()
        return {
            "title": self.title,
            "description": self.description,
            "dataSource": _data_source(targets),
            "targets": list(targets),
            "gridPos": core.GridPos(w=self.size[0], h=self.size[1], x=0, y=0),
            "links": [*map(runbook, self.alerts), *self.links],
            "timeFrom": self.time_from,
            "timeShift": self.time_shift,
            "interval": self.interval,
            "maxDataPoints": None,
            "repeat": repeat,
            "transformations": list(self.transformations),
            "extraJson": {
                "fieldConfig": {"defaults": defaults, "overrides": list(self.overrides)},
                "options": options,
                "pluginVersion": PLUGIN_VERSION,
            },
        }


def time_series(options: PanelOptions, *targets: PrometheusQuery, bars: bool = False, stacked: bool = False) -> Panel:
    """Lines or bars over time. Thresholds are dashed lines."""
    return core.TimeSeries(
        **options.arguments(
            _with_ref_ids(targets),
            color="palette-classic",
            custom={
                "axisSoftMin": 0,
                "drawStyle": "bars" if bars else "line",
                "fillOpacity": 60 if bars else 15 if stacked else 8,
                "showPoints": "never",
                "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
                "thresholdsStyle": {"mode": "off" if options.thresholds is NO_THRESHOLDS else "dashed"},
            },
            legend={"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
            tooltip={"hideZeros": False, "mode": "multi", "sort": "desc"},
        )
    )


def stat(options: PanelOptions, *targets: PrometheusQuery, sparkline: bool = False) -> Panel:
    """One number: the newest value."""
    asked = targets if sparkline else [_instant(target) for target in targets]
    return core.Stat(
        **options.arguments(
            _with_ref_ids(asked),
            colorMode="value",
            graphMode="area" if sparkline else "none",
            justifyMode="auto",
            orientation="auto",
            reduceOptions=_LAST,
            textMode="auto",
            wideLayout=True,
        )
    )


def bar_gauge(options: PanelOptions, *targets: PrometheusQuery) -> Panel:
    """One bar per series, in the order of the query."""
    return core.BarGauge(
        **options.arguments(
            _with_ref_ids([_instant(target) for target in targets]),
            displayMode="basic",
            namePlacement="auto",
            orientation="horizontal",
            reduceOptions=_LAST,
            showUnfilled=True,
            sizing="auto",
            valueMode="color",
        )
    )


def bar_chart(options: PanelOptions, target: PrometheusQuery, category: str, steps: Sequence[Json]) -> Panel:
    """One bar per row of the transformed table; the column `category` labels the bars."""
    return core.BarChart(
        **replace(options, transformations=steps).arguments(
            _with_ref_ids([_instant(target, table=True)]),
            color="thresholds",
            custom={"fillOpacity": 80, "lineWidth": 1},
            barWidth=0.8,
            groupWidth=0.7,
            legend={"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            orientation="auto",
            showValue="auto",
            stacking="none",
            tooltip={"mode": "single", "sort": "none"},
            xField=category,
            xTickLabelRotation=0,
        )
    )


def state_timeline(options: PanelOptions, *targets: PrometheusQuery) -> Panel:
    """One band per series, coloured by state."""
    return core.StateTimeline(
        **options.arguments(
            _with_ref_ids(targets),
            custom={"fillOpacity": 70, "lineWidth": 0},
            alignValue="left",
            legend={"displayMode": "list", "placement": "bottom", "showLegend": True},
            mergeValues=True,
            rowHeight=0.9,
            showValue="auto",
            tooltip={"mode": "single", "sort": "none"},
        )
    )


def table(
    options: PanelOptions,
    *targets: PrometheusQuery,
    columns: Mapping[str, str],
    sort_by: str,
    descending: bool = True,
    hidden: Sequence[str] = (),
) -> Panel:
    """One row per label set, one column per query. `columns` names labels and values (`Value #A`) in their order."""
    tidy = {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(("Time", *hidden), True),
            "indexByName": {name: index for index, name in enumerate(columns)},
            "renameByName": dict(columns),
        },
    }
    steps = [{"id": "merge", "options": {}}, tidy] if len(targets) > 1 else [tidy]
    panel = options.arguments(
        _with_ref_ids([_instant(target, table=True) for target in targets]),
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        cellHeight="sm",
        showHeader=True,
        sortBy=[{"desc": descending, "displayName": sort_by}],
    )
    return core.Table(**{**panel, "transformations": [*steps, *options.transformations]})


def logs(options: PanelOptions, search: LogSearch) -> Panel:
    """Log lines, newest first. The data source turns the trace id of each line into a link."""
    return core.Logs(
        **options.arguments(
            [LokiQuery(search)],
            dedupStrategy="none",
            enableInfiniteScrolling=False,
            enableLogDetails=True,
            prettifyLogMessage=False,
            showCommonLabels=False,
            showLabels=False,
            showLogContextToggle=True,
            showTime=True,
            sortOrder="Descending",
            wrapLogMessage=True,
        )
    )


def traces(options: PanelOptions, search: TraceSearch) -> Panel:
    """Traces, newest first. The data source turns ids into links, and links spans to their log lines."""
    return core.Table(
        **options.arguments(
            [TempoQuery(search)],
            custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False},
            cellHeight="sm",
            showHeader=True,
        )
    )


_LAST: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _instant(target: PrometheusQuery, table: bool = False) -> PrometheusQuery:
    return PrometheusQuery(target.expr, target.legend, instant=True, table=table)


def _with_ref_ids(targets: Sequence[PrometheusQuery]) -> list[PrometheusQuery]:
    return [
        PrometheusQuery(one.expr, one.legend, one.exemplars, chr(ord("A") + index), one.instant, one.table)
        for index, one in enumerate(targets)
    ]


def _data_source(targets: Sequence[Any]) -> Json:
    source: Json = targets[0].to_json_data()["datasource"]
    return source


def override(column: str, **properties: Any) -> Json:
    """Field options of one column or series; `__` in a name stands for a dot."""
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def value_names(names_of: Mapping[float, tuple[str, str]]) -> list[Json]:
    """Texts and colours for values."""
    return [
        {
            "type": "value",
            "options": {
                f"{value:g}": {"color": color, "index": index, "text": text}
                for index, (value, (text, color)) in enumerate(names_of.items())
            },
        }
    ]


# --- Writing --------------------------------------------------------------------------------------------

# Keys that grafanalib writes, but that only old versions of Grafana or an import read.
_OLD_BOARD: Final = frozenset({"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"})
_OLD_PANEL: Final = frozenset(
    {"cacheTimeout", "color", "columns", "editable", "error", "fontSize", "height", "hideTimeOverride", "mappings"}
    | {"maxPerRow", "minSpan", "span"}
)
_OLD_OPTIONS: Final = frozenset({"fieldOptions", "showThresholdLabels", "showThresholdMarkers"})
_OLD_VARIABLE: Final = frozenset({"auto", "auto_count", "auto_min", "tagValuesQuery", "tagsQuery", "useTags"})
_ROW: Final = ("collapsed", "gridPos", "id", "panels", "title", "type")


def to_json(dashboard: Any) -> Json:
    """A dashboard of grafanalib, without the keys that nothing reads."""
    board = _without(json.loads(json.dumps(dashboard, cls=DashboardEncoder)), _OLD_BOARD)
    board["panels"] = [_panel(panel) for panel in board["panels"]]
    board["templating"]["list"] = [_without(one, _OLD_VARIABLE) for one in board["templating"]["list"]]
    board["timepicker"] = _without(board["timepicker"])
    return board


def dumps(board: Json) -> str:
    """The text of a dashboard file. Sorted keys: the same source gives the same bytes."""
    return json.dumps(board, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def with_runbooks(board: Json, url: str) -> Json:
    """The dashboard with another base address of the runbooks."""
    variables = [
        {**variable, "query": url} if variable["name"] == RUNBOOKS_VARIABLE else variable
        for variable in board["templating"]["list"]
    ]
    return {**board, "templating": {**board["templating"], "list": variables}}


def _panel(panel: Json) -> Json:
    if panel["type"] == "row":
        return {key: panel[key] for key in _ROW}
    kept = {key: value for key, value in _without(panel, _OLD_PANEL).items() if value not in ([], {})}
    if "repeat" not in kept:
        kept.pop("repeatDirection", None)
    defaults = _without(kept["fieldConfig"]["defaults"])
    defaults["custom"].pop("displayMode", None)  # of tables; cellOptions since Grafana 9
    kept["fieldConfig"]["defaults"] = defaults
    kept["options"] = _without(kept["options"], _OLD_OPTIONS)
    return kept


def _without(values: Json, old: frozenset[str] = frozenset()) -> Json:
    return {key: value for key, value in values.items() if key not in old and value is not None}
