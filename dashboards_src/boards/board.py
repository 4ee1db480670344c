"""A dashboard: rows of panels, laid out in 24 columns, with its variables, annotations and links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import attr
from grafanalib import core

from dashboards_src import config
from dashboards_src.boards import grafana, scope
from dashboards_src.boards.grafana import COLUMNS, Panel
from dashboards_src.boards.targets import PROMETHEUS, Json, Prom
from llm_telemetry import names

TAG: Final = "llm"
MARK: Final = "GENERATED - DO NOT EDIT. Change {source} and run `make dashboards`."


@dataclass(frozen=True)
class Row:
    """One row of the screen: a question, and the panels that answer it."""

    title: str
    panels: Sequence[Callable[[], Panel]]


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    about: str
    source: str  # the module that makes it
    rows: Sequence[Row]
    variables: Sequence[str] = config.VARIABLES
    since: str = "now-1h"
    refresh: str = "30s"

    def made(self) -> Any:
        """It, as grafanalib's object."""
        return core.Dashboard(
            title=self.title,
            uid=self.uid,
            description=f"{self.about}\n\n{MARK.format(source=self.source)}",
            tags=[TAG],
            editable=True,  # to try things out: what is provisioned from a file cannot be saved over
            schemaVersion=grafana.SCHEMA_VERSION,
            timezone="utc",  # days are UTC: `now/d` is UTC's midnight
            time=core.Time(self.since, "now"),
            refresh=self.refresh,
            graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
            templating=core.Templating([*map(_variable, self.variables), RUNBOOKS_URL]),
            annotations=core.Annotations([_BUILT_IN, DEPLOYMENTS, FIRING_ALERTS]),
            links=_links(),
            panels=list(_placed(self.rows)),
        ).auto_panel_ids()

    def as_json(self) -> Json:
        """It, as Grafana reads it."""
        return grafana.as_json(self.made())

    def written(self) -> str:
        """The text of its file."""
        return grafana.written(self.as_json())


def _placed(rows: Sequence[Row]) -> Iterator[Panel]:
    """Panels left to right; one that does not fit begins a new line, below the highest of the last."""
    y = 0
    for row in rows:
        yield core.RowPanel(title=row.title, gridPos=core.GridPos(h=1, w=COLUMNS, x=0, y=y))
        y += 1
        x = height = 0
        for make in row.panels:
            panel = make()
            size = panel.gridPos
            if x + size.w > COLUMNS:
                x, y, height = 0, y + height, 0
            yield attr.evolve(panel, gridPos=core.GridPos(h=size.h, w=size.w, x=x, y=y))
            x += size.w
            height = max(height, size.h)
        y += height


# --- Variables ------------------------------------------------------------------------------------------

# Where a variable's values come from: a metric that every such thing has from its start.
_VALUES_OF: Final = {
    "service": names.BUILD_INFO,
    "endpoint": names.REQUESTS,
    "model": names.REQUESTS,
    "tenant": names.REQUESTS,
}
ALL: Final = {"selected": True, "text": ["All"], "value": ["$__all"]}


def _variable(name: str) -> Any:
    metric = _VALUES_OF[name]
    selector = "" if name == "service" else f"{{{scope.where(['service'])}}}"
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
    template._current = ALL
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
    query = Prom(expr).to_json_data()
    return {
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "name": name,
        "tagKeys": tags,
        "target": {**query, "interval": "60s", "refId": "Anno"},
        "textFormat": text,
        "titleFormat": title,
        "useValueForTime": False,
    }


_VERSIONS: Final = "count by (service, version, prompt_version) (%(BUILD_INFO)s{0})"
# A version that was not there a while ago; marked for that while.
DEPLOYMENTS: Final = _annotation(
    "Deployments",
    f"{_VERSIONS.format('')} unless {_VERSIONS.format(' offset %(RATE)s')}",
    "Deployment of {{service}}",
    "Version {{version}}, prompt {{prompt_version}}",
    "service,version,prompt_version",
    "blue",
)


# Of the chosen services, and those that are about no service; without the watchdog.
ALERTS_FIRING: Final = 'ALERTS{alertstate="firing", severity!="info", service=~"$service|"}'
FIRING_ALERTS: Final = _annotation(
    "Firing alerts",
    ALERTS_FIRING,
    "{{alertname}}",
    "{{severity}} {{service}} {{endpoint}} {{model}}",
    "alertname,severity",
    "red",
)


def _links() -> list[Any]:
    others = core.DashboardLink(
        asDropdown=True, includeVars=True, keepTime=True, tags=[TAG], title="LLM dashboards", type="dashboards"
    )
    runbooks = core.DashboardLink(
        icon="doc", keepTime=False, targetBlank=True, title="Runbooks", type="link", uri=grafana.RUNBOOKS
    )
    return [others, runbooks]
