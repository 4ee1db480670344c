"""LogQL and TraceQL of the dashboards parse with Grafana's own grammars, for any choice of variables."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from dashboard_queries import ALL, filled, queries

HERE = Path(__file__).parent / "grammar"
SOURCES = {"loki": "logql", "tempo": "traceql"}
VALUES = (ALL, "one", "one\\\\.a|two")


@pytest.fixture(scope="module")
def grammars() -> Path:
    """The folder with the grammars of package-lock.json installed."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: LogQL and TraceQL are not parsed here")
    installed = HERE / "node_modules" / ".package-lock.json"
    lock = HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True, timeout=100)
    return HERE


def errors(folder: Path, asked: list[tuple[str, str]]) -> list[list[str]]:
    """The errors that the grammars find in each (language, query)."""
    done = subprocess.run(
        ["node", "parse.cjs"],
        cwd=folder,
        input=json.dumps([{"language": language, "query": query} for language, query in asked]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_every_query_parses(grammars: Path) -> None:
    asked = [
        (f"{panel.id}: {query}", language, filled(query, value))
        for source, language in SOURCES.items()
        for panel, query in queries(source)
        for value in VALUES
    ]
    assert {language for _, language, _ in asked} == set(SOURCES.values()), "no panel with logs or no panel with traces"
    found = errors(grammars, [(language, query) for _, language, query in asked])
    assert not [(what, wrong) for (what, _, _), wrong in zip(asked, found, strict=True) if wrong]


def test_the_grammars_reject_wrong_queries(grammars: Path) -> None:
    assert all(errors(grammars, [("logql", '{service_name=} | event = "x"'), ("traceql", "{ status : error }")]))
