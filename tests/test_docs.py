"""What the documentation says is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stack.servers import SERVERS
from stack.settings import OPTIONS, ROOT, Stack

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_make_targets_exist(file: Path) -> None:
    text = file.read_text()
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_links_and_files_exist(file: Path) -> None:
    text = file.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (file.parent / link).exists(), link
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|yml|j2|md))`", text):
        assert (ROOT / name).exists(), name


def test_to_change_x_open_y_names_files_that_exist() -> None:
    table = (ROOT / "README.md").read_text().split("## To change")[1]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    named = [name for _, where in rows for name in re.findall(r"`([^`]+)`", where)]
    assert len(named) >= 10
    files = [name for name in named if not name.startswith(("make ", ".state/")) and "=" not in name]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_env_has_versions_and_ports_and_nothing_else() -> None:
    names = set(Stack.load({}).values) - set(OPTIONS)
    assert {name for name in names if not re.fullmatch(r"[A-Z_]+_(VERSION|PORT)", name)} == set()
    used = {name for server in SERVERS for name in server.ports} | {server.version for server in SERVERS}
    assert {name for name in names if name.endswith("_PORT")} <= used


def test_default_ports_are_the_well_known_ones() -> None:
    values = Stack.load({}).values
    expected = {
        "PROMETHEUS_PORT": "9090", "ALERTMANAGER_PORT": "9093", "OTLP_GRPC_PORT": "4317", "OTLP_HTTP_PORT": "4318",
        "JAEGER_PORT": "16686", "TEMPO_PORT": "3200", "LOKI_PORT": "3100", "VICTORIA_LOGS_PORT": "9428",
        "GRAFANA_PORT": "3000", "DEMO_APP_PORT": "8000",
    }  # fmt: skip
    assert {name: values[name] for name in expected} == expected
    ports = [value for name, value in values.items() if name.endswith("_PORT")]
    assert len(ports) == len(set(ports))
