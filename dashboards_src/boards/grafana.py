"""Where grafanalib 0.7 ends: classic dashboard JSON as Grafana 13 reads it.

grafanalib writes schema version 12 and knows no exemplars, no Loki or Tempo targets, no field options of the
newer panels. Its classes are used with what they lack put in beside (`extraJson`), and what they write that
no Grafana reads any more is left out again. Every panel of ours is made by one function below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards_src import config
from dashboards_src.boards.selections import LogSelection, TraceSelection
from dashboards_src.boards.targets import Json, LokiLines, Prom, TempoTraces
from dashboards_src.boards.thresholds import PLAIN, Thresholds

SCHEMA_VERSION: Final = 42  # the newest of classic JSON; Grafana 13 migrates nothing then
# GRAFANA_VERSION of .env: without it Grafana takes a panel for one of version 6 and changes its options.
PLUGIN_VERSION: Final = "13.2.0"

Panel = Any  # a panel of grafanalib, which has no types

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
SCORE: Final = "none"  # 0 to 1, as the alerts say it
STATE: Final = "none"

MONEY_DECIMALS: Final = 3  # tenths of a cent

RUNBOOKS_VARIABLE: Final = "runbooks_url"
RUNBOOKS: Final = f"${{{RUNBOOKS_VARIABLE}}}"  # base address, a variable that a running stack sets

# --- Links ----------------------------------------------------------------------------------------------


def runbook(alert: str) -> Json:
    """To what an alert means and what to do."""
    return {"targetBlank": True, "title": f"Runbook {alert}", "url": f"{RUNBOOKS}/{alert}"}


def dashboard(uid: str, title: str) -> Json:
    """To another dashboard, with the same time range and variables."""
    variables = "&".join(f"${{{name}:queryparam}}" for name in config.VARIABLES)
    return {"targetBlank": False, "title": title, "url": f"/d/{uid}?${{__url_time_range}}&{variables}"}


# --- Panels ---------------------------------------------------------------------------------------------

COLUMNS: Final = 24


@dataclass(frozen=True)
class About:
    """What every panel says. `size` is width (of 24) and height."""

    title: str
    description: str
    unit: str
    size: tuple[int, int] = (8, 8)
    thresholds: Thresholds = PLAIN
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    alerts: Sequence[str] = ()  # whose runbooks it links to
    see: Sequence[Json] = ()  # further links
    time_from: str | None = None  # overrides the dashboard's time range
    time_shift: str | None = None
    interval: str | None = None  # smallest step
    repeat: str | None = None  # variable: one panel per chosen value
    mappings: Sequence[Json] = ()
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    no_value: str | None = None

    def common(self, targets: Sequence[Any], **options: Any) -> Json:
        """Arguments of grafanalib's Panel. `options` go into field options and panel options."""
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
            "links": [*map(runbook, self.alerts), *self.see],
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


def time_series(about: About, *targets: Prom, bars: bool = False, stacked: bool = False) -> Panel:
    """Lines over time, or bars. A threshold of the config is drawn as a dashed line."""
    return core.TimeSeries(
        **about.common(
            _lettered(targets),
            color="palette-classic",
            custom={
                "axisSoftMin": 0,
                "drawStyle": "bars" if bars else "line",
                "fillOpacity": 60 if bars else 15 if stacked else 8,
                "showPoints": "never",
                "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
                "thresholdsStyle": {"mode": "off" if about.thresholds is PLAIN else "dashed"},
            },
            legend={"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
            tooltip={"hideZeros": False, "mode": "multi", "sort": "desc"},
        )
    )


def stat(about: About, *targets: Prom, sparkline: bool = False) -> Panel:
    """One number, of now or of the panel's time range."""
    asked = targets if sparkline else [_now(target) for target in targets]
    return core.Stat(
        **about.common(
            _lettered(asked),
            colorMode="value",
            graphMode="area" if sparkline else "none",
            justifyMode="auto",
            orientation="auto",
            reduceOptions=_LAST,
            textMode="auto",
            wideLayout=True,
        )
    )


def bar_gauge(about: About, *targets: Prom) -> Panel:
    """One bar per series, the longest first where the query sorts."""
    return core.BarGauge(
        **about.common(
            _lettered([_now(target) for target in targets]),
            displayMode="basic",
            namePlacement="auto",
            orientation="horizontal",
            reduceOptions=_LAST,
            showUnfilled=True,
            sizing="auto",
            valueMode="color",
        )
    )


def bar_chart(about: About, target: Prom, category: str, steps: Sequence[Json]) -> Panel:
    """One bar per row of a table after transformations; `category` is the column below the bars."""
    return core.BarChart(
        **replace(about, transformations=steps).common(
            _lettered([_now(target, table=True)]),
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


def state_timeline(about: About, *targets: Prom) -> Panel:
    """One band per series, coloured by its state."""
    return core.StateTimeline(
        **about.common(
            _lettered(targets),
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
    about: About,
    *targets: Prom,
    columns: Mapping[str, str],
    sort_by: str,
    descending: bool = True,
    hidden: Sequence[str] = (),
) -> Panel:
    """Rows by label, one column per query. `columns` gives names to labels and to `Value #A`, in their order."""
    tidy = {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(("Time", *hidden), True),
            "indexByName": {name: index for index, name in enumerate(columns)},
            "renameByName": dict(columns),
        },
    }
    steps = [{"id": "merge", "options": {}}, tidy] if len(targets) > 1 else [tidy]
    panel = about.common(
        _lettered([_now(target, table=True) for target in targets]),
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        cellHeight="sm",
        showHeader=True,
        sortBy=[{"desc": descending, "displayName": sort_by}],
    )
    return core.Table(**{**panel, "transformations": [*steps, *about.transformations]})


def logs(about: About, which: LogSelection) -> Panel:
    """Log lines, newest first. The data source makes each line's trace id a link to its trace."""
    return core.Logs(
        **about.common(
            [LokiLines(which)],
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


def traces(about: About, which: TraceSelection) -> Panel:
    """Traces, newest first; the data source makes each id a link, and each span one to its log lines."""
    return core.Table(
        **about.common(
            [TempoTraces(which)],
            custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False},
            cellHeight="sm",
            showHeader=True,
        )
    )


_LAST: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _now(target: Prom, table: bool = False) -> Prom:
    return Prom(target.expr, target.legend, instant=True, table=table)


def _lettered(targets: Sequence[Prom]) -> list[Prom]:
    return [
        Prom(one.expr, one.legend, one.exemplars, chr(ord("A") + index), one.instant, one.table)
        for index, one in enumerate(targets)
    ]


def _data_source(targets: Sequence[Any]) -> Json:
    source: Json = targets[0].to_json_data()["datasource"]
    return source


def override(column: str, **properties: Any) -> Json:
    """Field options of one column or series; `custom.` ones with `__` for the dot."""
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def value_names(names_of: Mapping[float, tuple[str, str]]) -> list[Json]:
    """Words and colours for values."""
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

# What grafanalib writes and Grafana has not read for years, or what only an import needs.
_OLD_BOARD: Final = frozenset({"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"})
_OLD_PANEL: Final = frozenset(
    {"cacheTimeout", "color", "columns", "editable", "error", "fontSize", "height", "hideTimeOverride", "mappings"}
    | {"maxPerRow", "minSpan", "span"}
)
_OLD_OPTIONS: Final = frozenset({"fieldOptions", "showThresholdLabels", "showThresholdMarkers"})
_OLD_VARIABLE: Final = frozenset({"auto", "auto_count", "auto_min", "tagValuesQuery", "tagsQuery", "useTags"})
_ROW: Final = ("collapsed", "gridPos", "id", "panels", "title", "type")


def as_json(made: Any) -> Json:
    """A dashboard of grafanalib without what nobody reads."""
    board = _without(json.loads(json.dumps(made, cls=DashboardEncoder)), _OLD_BOARD)
    board["panels"] = [_panel(panel) for panel in board["panels"]]
    board["templating"]["list"] = [_without(one, _OLD_VARIABLE) for one in board["templating"]["list"]]
    board["timepicker"] = _without(board["timepicker"])
    return board


def written(board: Json) -> str:
    """The text of a dashboard's file: keys sorted, so that the same source gives the same bytes."""
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


def _without(found: Json, old: frozenset[str] = frozenset()) -> Json:
    return {key: value for key, value in found.items() if key not in old and value is not None}
