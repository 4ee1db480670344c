"""The documentation names commands, files and ports that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stack.servers import SERVERS
from stack.settings import OPTIONS, ROOT, Stack

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_make_targets_exist(file: Path) -> None:
    text = file.read_text()
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_linked_and_named_files_exist(file: Path) -> None:
    text = file.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (file.parent / link).exists(), link
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|yml|j2|md|json))`", text):
        assert (ROOT / name).exists(), name


def test_development_names_every_folder_of_tests() -> None:
    named = set(re.findall(r"`(tests/\w+)", (ROOT / "docs" / "development.md").read_text()))
    folders = {f"tests/{folder.name}" for folder in (ROOT / "tests").iterdir() if any(folder.glob("**/test_*.py"))}
    assert folders <= named


def test_development_names_every_package() -> None:
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "development.md").read_text(), re.MULTILINE)
    assert packages <= set(named)


def test_env_has_versions_ports_and_retention_only() -> None:
    names = set(Stack.load({}).values) - set(OPTIONS)
    assert {
        name for name in names if not re.fullmatch(r"[A-Z_]+_(VERSION|PORT|RETENTION|RETENTION_SIZE)", name)
    } == set()
    used = {name for server in SERVERS for name in server.ports}
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
