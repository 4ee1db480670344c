"""The generated dashboards, and panels, variables and query results for tests of console/dashboards."""

from __future__ import annotations

from typing import Any

from console.dashboards.model import Dashboard, DashboardLibrary, Panel, panel_from_json
from console.dashboards.panel_data import PanelData, panel_data
from console.dashboards.panel_queries import QueryContext, panel_queries
from console.dashboards.queries import Query
from console.dashboards.variables import ALL, Variable
from console.settings import DASHBOARDS
from console.times import TimeRange

NOW = 1_764_067_265.0
GENERATED = DashboardLibrary(DASHBOARDS).all()
PANELS = [(dashboard, panel) for dashboard in GENERATED for panel in dashboard.panels]
IDS = [f"{dashboard.uid}: {panel.title}" for dashboard, panel in PANELS]
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def variable(name: str, *selected: str) -> Variable:
    """A query variable; without values All is selected."""
    return Variable(name, name.capitalize(), "query", {"name": name, "allValue": ".*"}, selected or (ALL,))


def context_of(
    *variables: Variable, since: str = "now-6h", log_store: str = "victoria-logs", scrape_s: float = 15.0
) -> QueryContext:
    """The context of a page of 1,440 pixels. All is selected for variables that are not given."""
    given = {one.name for one in variables}
    others = [variable(name) for name in ("service", "endpoint", "model", "tenant") if name not in given]
    return QueryContext(TimeRange(since), NOW, (*variables, *others), scrape_s, log_store)


def panel_of(kind: str, *targets: dict[str, Any], **json: Any) -> Panel:
    """A panel; its targets query Prometheus unless they have another data source."""
    prometheus = {"type": "prometheus", "uid": "prometheus"}
    named = [{"refId": chr(65 + index), "datasource": prometheus, **one} for index, one in enumerate(targets)]
    return panel_from_json(
        {"id": 1, "type": kind, "title": "A panel", "targets": named, "gridPos": {"w": 8, "h": 8}, **json}
    )


def data_of(panel: Panel, *results: Any, context: QueryContext | None = None) -> PanelData:
    """The data of a panel whose queries have these results, in their order."""
    context = context or context_of()
    queries = panel_queries(panel, context)
    return panel_data(queries, context, dict(zip(queries.queries, results, strict=True)))


def queries_of(dashboard: Dashboard, context: QueryContext) -> list[Query]:
    """Every query of a dashboard's panels once."""
    found = (query for one in dashboard.panels for query in panel_queries(one, context).queries)
    return list(dict.fromkeys(found))
