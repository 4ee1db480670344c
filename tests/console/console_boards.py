"""The generated dashboards, and what a page shows of them, for the tests beside this file."""

from __future__ import annotations

from typing import Any

from console.dashboards.answer import Answer, put_together
from console.dashboards.model import Dashboard, Library, Panel, _panel
from console.dashboards.plan import Shown, plan
from console.dashboards.questions import Question
from console.dashboards.variables import ALL, Variable
from console.settings import DASHBOARDS
from console.times import TimeRange

NOW = 1_764_067_265.0
BOARDS = Library(DASHBOARDS).all()
PANELS = [(board, panel) for board in BOARDS for panel in board.panels]
IDS = [f"{board.uid}: {panel.title}" for board, panel in PANELS]


def variable(name: str, *chosen: str) -> Variable:
    """A variable; All where nothing is chosen."""
    return Variable(name, name.capitalize(), "query", {"name": name, "allValue": ".*"}, chosen or (ALL,))


def shown(
    *variables: Variable, since: str = "now-6h", log_store: str = "victoria-logs", scrape_s: float = 15.0
) -> Shown:
    """What a page of 1,440 pixels shows; variables that are not given are All."""
    given = {one.name for one in variables}
    others = [variable(name) for name in ("service", "endpoint", "model", "tenant") if name not in given]
    return Shown(TimeRange(since), NOW, (*variables, *others), scrape_s, log_store)


def panel(kind: str, *targets: dict[str, Any], **json: Any) -> Panel:
    """A panel that a test needs; its targets ask Prometheus where they say nothing else."""
    source = {"type": "prometheus", "uid": "prometheus"}
    named = [{"refId": chr(65 + index), "datasource": source, **one} for index, one in enumerate(targets)]
    return _panel({"id": 1, "type": kind, "title": "A panel", "targets": named, "gridPos": {"w": 8, "h": 8}, **json})


def answered(asked: Panel, *answers: Any, on: Shown | None = None) -> Answer:
    """What the panel shows when its questions, in their order, get these answers."""
    page = on or shown()
    planned = plan(asked, page)
    return put_together(planned, page, dict(zip(planned.questions, answers, strict=True)))


def questions_of(board: Dashboard, page: Shown) -> list[Question]:
    """Everything that a page asks, once."""
    found = (question for one in board.panels for question in plan(one, page).questions)
    return list(dict.fromkeys(found))
