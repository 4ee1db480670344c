"""Classic dashboard JSON for Grafana 13, made with grafanalib 0.7.

grafanalib writes schema version 12. It has no exemplars, no targets for Loki and Tempo, and no field options of the
newer panels. Its `extraJson` adds them here, and `to_json` removes keys that no current Grafana reads. One function
below makes each type of panel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards_src import config
from dashboards_src.boards.queries import Json, PrometheusQuery
from dashboards_src.boards.searches import LogSearch, TraceSearch
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


def _arguments(
    title: str,
    description: str,
    unit: str,
    targets: Sequence[Json],
    options: Json,
    *,
    size: tuple[int, int] = (8, 8),  # width (of 24 columns), height
    thresholds: Thresholds = NO_THRESHOLDS,
    decimals: int | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    no_value: str | None = None,
    mappings: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    alerts: Sequence[str] = (),  # links to their runbooks
    links: Sequence[Json] = (),  # beside those to runbooks
    time_from: str | None = None,  # instead of the dashboard's time range
    time_shift: str | None = None,
    interval: str | None = None,  # smallest step
    color: str = "thresholds",
    custom: Json | None = None,
) -> Json:
    """Arguments of a panel of grafanalib. `options` are those of the panel type, `custom` its field options."""
    defaults: Json = {
        "unit": unit,
        "decimals": decimals,
        "min": minimum,
        "max": maximum,
        "noValue": no_value,
        "mappings": list(mappings),
        "color": {"mode": color},
        "thresholds": threshold_steps(thresholds),
        "custom": custom or {},
    }
    return {
        "title": title,
        "description": description,
        "dataSource": targets[0]["datasource"],
        "targets": targets,
        "gridPos": core.GridPos(w=size[0], h=size[1], x=0, y=0),
        "links": [*map(runbook, alerts), *links],
        "timeFrom": time_from,
        "timeShift": time_shift,
        "interval": interval,
        "maxDataPoints": None,
        "transformations": list(transformations),
        "extraJson": {
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
            "options": options,
            "pluginVersion": PLUGIN_VERSION,
        },
    }


# The keyword arguments `common` are those of `_arguments`.


def time_series(
    title: str,
    description: str,
    unit: str,
    *targets: PrometheusQuery,
    bars: bool = False,
    stacked: bool = False,
    **common: Any,
) -> Panel:
    """Lines or bars over time. Thresholds are dashed lines."""
    custom = {
        "axisSoftMin": 0,
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if bars else 15 if stacked else 8,
        "showPoints": "never",
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if "thresholds" in common else "off"},
    }
    options = {
        "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"hideZeros": False, "mode": "multi", "sort": "desc"},
    }
    common |= {"color": "palette-classic", "custom": custom}
    return core.TimeSeries(**_arguments(title, description, unit, _lettered(targets), options, **common))


def stat(
    title: str, description: str, unit: str, *targets: PrometheusQuery, sparkline: bool = False, **common: Any
) -> Panel:
    """One number: the newest value."""
    options = {
        "colorMode": "value",
        "graphMode": "area" if sparkline else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
        "textMode": "auto",
        "wideLayout": True,
    }
    lettered = _lettered(targets, instant=not sparkline)
    return core.Stat(**_arguments(title, description, unit, lettered, options, **common))


def bar_gauge(title: str, description: str, unit: str, target: PrometheusQuery, **common: Any) -> Panel:
    """One bar per series, in the order of the query."""
    options = {
        "displayMode": "basic",
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    return core.BarGauge(**_arguments(title, description, unit, _lettered([target], instant=True), options, **common))


def bar_chart(
    title: str, description: str, unit: str, target: PrometheusQuery, *, category: str, **common: Any
) -> Panel:
    """One bar per row of the transformed table; the column `category` labels the bars."""
    options = {
        "barWidth": 0.8,
        "groupWidth": 0.7,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "orientation": "auto",
        "showValue": "auto",
        "stacking": "none",
        "tooltip": {"mode": "single", "sort": "none"},
        "xField": category,
        "xTickLabelRotation": 0,
    }
    common |= {"custom": {"fillOpacity": 80, "lineWidth": 1}}
    lettered = _lettered([target], instant=True, table=True)
    return core.BarChart(**_arguments(title, description, unit, lettered, options, **common))


def state_timeline(title: str, description: str, target: PrometheusQuery, **common: Any) -> Panel:
    """One band per series, coloured by state."""
    options = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    common |= {"custom": {"fillOpacity": 70, "lineWidth": 0}}
    return core.StateTimeline(**_arguments(title, description, STATE, _lettered([target]), options, **common))


def table(
    title: str,
    description: str,
    unit: str,
    *targets: PrometheusQuery,
    columns: Mapping[str, str],
    sort_by: str,
    descending: bool = True,
    hidden: Sequence[str] = (),
    **common: Any,
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
    options = {"cellHeight": "sm", "showHeader": True, "sortBy": [{"desc": descending, "displayName": sort_by}]}
    common |= {
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        "transformations": [{"id": "merge", "options": {}}, tidy] if len(targets) > 1 else [tidy],
    }
    lettered = _lettered(targets, instant=True, table=True)
    return core.Table(**_arguments(title, description, unit, lettered, options, **common))


def logs(title: str, description: str, search: LogSearch, **common: Any) -> Panel:
    """Log lines, newest first. The data source turns the trace id of each line into a link."""
    options = {
        "dedupStrategy": "none",
        "enableInfiniteScrolling": False,
        "enableLogDetails": True,
        "prettifyLogMessage": False,
        "showCommonLabels": False,
        "showLabels": False,
        "showLogContextToggle": True,
        "showTime": True,
        "sortOrder": "Descending",
        "wrapLogMessage": True,
    }
    return core.Logs(**_arguments(title, description, "", [search.target()], options, **common))


def traces(title: str, description: str, search: TraceSearch, **common: Any) -> Panel:
    """Traces, newest first. The data source turns ids into links, and links spans to their log lines."""
    options = {"cellHeight": "sm", "showHeader": True}
    common |= {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False}}
    return core.Table(**_arguments(title, description, "", [search.target()], options, **common))


_LAST: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _lettered(targets: Sequence[PrometheusQuery], *, instant: bool = False, table: bool = False) -> list[Json]:
    return [
        replace(one, instant=instant, table=table).target(chr(ord("A") + index)) for index, one in enumerate(targets)
    ]


def override(column: str, **properties: Any) -> Json:
    """Field options of one column or series; `__` in a name stands for a dot."""
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def threshold_steps(thresholds: Thresholds) -> Json:
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in thresholds]}


def value_names(names_of: Mapping[float, tuple[str, str]]) -> list[Json]:
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


def _panel(panel: Json) -> Json:
    if panel["type"] == "row":
        return {key: panel[key] for key in _ROW}
    kept = {key: value for key, value in _without(panel, _OLD_PANEL).items() if value not in ([], {})}
    defaults = _without(kept["fieldConfig"]["defaults"])
    defaults["custom"].pop("displayMode", None)  # of tables; cellOptions since Grafana 9
    kept["fieldConfig"]["defaults"] = defaults
    kept["options"] = _without(kept["options"], _OLD_OPTIONS)
    return kept


def _without(values: Json, old: frozenset[str] = frozenset()) -> Json:
    return {key: value for key, value in values.items() if key not in old and value is not None}
