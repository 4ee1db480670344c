"""A dashboard: rows of panels in 24 columns, with variables, annotations and links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import attr
from grafanalib import core

from dashboards_src import config
from dashboards_src.boards import grafana, queries
from dashboards_src.boards.grafana import COLUMNS, Panel
from dashboards_src.boards.queries import PROMETHEUS, Json, PrometheusQuery
from llm_telemetry import names

TAG: Final = "llm"
MARK: Final = "GENERATED - DO NOT EDIT. Change {source} and run `make dashboards`."


class Row:
    def __init__(self, title: str, *panels: Panel) -> None:
        self.title = title
        self.panels = panels


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    description: str
    source: str  # path of the module that makes it
    rows: Sequence[Row]
    variables: Sequence[str] = config.VARIABLES
    since: str = "now-1h"
    refresh: str = "30s"

    def as_json(self) -> Json:
        dashboard = core.Dashboard(
            title=self.title,
            uid=self.uid,
            description=f"{self.description}\n\n{MARK.format(source=self.source)}",
            tags=[TAG],
            editable=True,  # to try changes; Grafana does not save over a provisioned file
            schemaVersion=grafana.SCHEMA_VERSION,
            timezone="utc",  # days are UTC: `now/d` is UTC's midnight
            time=core.Time(self.since, "now"),
            refresh=self.refresh,
            graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
            templating=core.Templating([*map(_variable, self.variables), RUNBOOKS_URL]),
            annotations=core.Annotations([_BUILT_IN, DEPLOYMENTS, FIRING_ALERTS]),
            links=[_OTHER_BOARDS, _RUNBOOKS],
            panels=list(_placed(self.rows)),
        )
        return grafana.to_json(dashboard.auto_panel_ids())


def _placed(rows: Sequence[Row]) -> Iterator[Panel]:
    """Panels from left to right. A panel that does not fit starts a new line below the highest panel."""
    y = 0
    for row in rows:
        yield core.RowPanel(title=row.title, gridPos=core.GridPos(h=1, w=COLUMNS, x=0, y=y))
        y += 1
        x = height = 0
        for panel in row.panels:
            size = panel.gridPos
            if x + size.w > COLUMNS:
                x, y, height = 0, y + height, 0
            yield attr.evolve(panel, gridPos=core.GridPos(h=size.h, w=size.w, x=x, y=y))
            x += size.w
            height = max(height, size.h)
        y += height


# --- Variables ------------------------------------------------------------------------------------------

# The metric that a variable's values come from: one that exists from the start.
_VALUES_OF: Final = {
    "service": names.BUILD_INFO,
    "endpoint": names.REQUESTS,
    "model": names.REQUESTS,
    "tenant": names.REQUESTS,
}
ALL: Final = {"selected": True, "text": ["All"], "value": ["$__all"]}


def _variable(name: str) -> Any:
    metric = _VALUES_OF[name]
    selector = "" if name == "service" else f"{{{queries.matchers(['service'])}}}"
    template = core.Template(
        name=name,
        label=name.capitalize(),
        query={"query": f"label_values({metric.name}{selector}, {name})", "refId": name, "qryType": 1},
        dataSource=PROMETHEUS,
        includeAll=True,
        allValue=".*",
        multi=True,
        regex="",
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
    )
    template._current = ALL  # grafanalib has no argument for several values
    return template


# Hidden: links are built from it. `render_dashboards` puts in the running stack's address.
RUNBOOKS_URL: Final = {
    "description": "Base address of the runbooks",
    "hide": 2,
    "name": grafana.RUNBOOKS_VARIABLE,
    "query": config.RUNBOOKS_URL,
    "skipUrlSync": True,
    "type": "constant",
}


# --- Annotations ----------------------------------------------------------------------------------------

_BUILT_IN: Final = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


def _annotation(name: str, expr: str, title: str, text: str, tags: str, color: str) -> Json:
    return {
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "name": name,
        "tagKeys": tags,
        "target": {**PrometheusQuery(expr).target("Anno"), "interval": "60s"},
        "textFormat": text,
        "titleFormat": title,
        "useValueForTime": False,
    }


_VERSIONS: Final = "count by (service, version, prompt_version) (%(BUILD_INFO)s{0})"
# A version that did not exist a RATE window ago; the mark lasts for one window.
DEPLOYMENTS: Final = _annotation(
    "Deployments",
    f"{_VERSIONS.format('')} unless {_VERSIONS.format(' offset %(RATE)s')}",
    "Deployment of {{service}}",
    "Version {{version}}, prompt {{prompt_version}}",
    "service,version,prompt_version",
    "blue",
)


# Alerts of the chosen services and alerts without a service; the watchdog has the severity info.
ALERTS_FIRING: Final = 'ALERTS{alertstate="firing", severity!="info", service=~"$service|"}'
FIRING_ALERTS: Final = _annotation(
    "Firing alerts",
    ALERTS_FIRING,
    "{{alertname}}",
    "{{severity}} {{service}} {{endpoint}} {{model}}",
    "alertname,severity",
    "red",
)

_OTHER_BOARDS: Final = core.DashboardLink(
    asDropdown=True, includeVars=True, keepTime=True, tags=[TAG], title="LLM dashboards", type="dashboards"
)
_RUNBOOKS: Final = core.DashboardLink(
    icon="doc", keepTime=False, targetBlank=True, title="Runbooks", type="link", uri=grafana.RUNBOOKS
)
