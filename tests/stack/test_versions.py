""".env says each version once: Go modules, the collector's builder and the versions that lite shows agree with it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from stack.build import GO_NEEDED, MODULES
from stack.servers import PROMETHEUS_VERSION_VARIABLE, SERVERS
from stack.settings import ROOT, Stack

VALUES = Stack.load({}).values
BUILDER: Any = yaml.safe_load((ROOT / "otel-collector" / "builder.yaml").read_text())


def version(name: str) -> str:
    return VALUES[name].removeprefix("v")


def in_go_mod(module: str, dependency: str) -> str:
    """The version of a dependency in stack/go/<module>/go.mod."""
    text = (MODULES / module / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(dependency)} v(\S+)", text, re.MULTILINE)
    assert found, f"stack/go/{module}/go.mod does not require {dependency}"
    return found[1]


def disagree(first: str, second: str) -> str:
    return f"{first} and {second} name different versions: change both"


def test_prometheus() -> None:
    major, minor, patch = version("PROMETHEUS_VERSION").split(".")
    module_version = f"0.{major}{int(minor):02d}.{patch}"  # 3.16.0 is v0.316.0 as a Go module
    assert in_go_mod("prometheus", "github.com/prometheus/prometheus") == module_version, disagree(
        "PROMETHEUS_VERSION in .env", "stack/go/prometheus/go.mod"
    )


def test_alertmanager_of_lite() -> None:
    assert in_go_mod("alertmanager", "github.com/prometheus/alertmanager") == version("LITE_ALERTMANAGER_VERSION"), (
        disagree("LITE_ALERTMANAGER_VERSION in .env", "stack/go/alertmanager/go.mod")
    )


@pytest.mark.parametrize("part", ["receivers", "processors", "exporters", "extensions", "providers"])
def test_components_of_the_collector(part: str) -> None:
    for component in BUILDER[part]:
        module, builder_version = component["gomod"].split()
        assert in_go_mod("otel-collector", module) == builder_version.removeprefix("v"), disagree(
            "otel-collector/builder.yaml", f"stack/go/otel-collector/go.mod for {module}"
        )
        if part != "providers":  # stable modules of the collector have versions of their own
            assert builder_version == f"v{version('COLLECTOR_VERSION')}", disagree(
                "COLLECTOR_VERSION in .env", f"otel-collector/builder.yaml for {module}"
            )


def test_the_collectors_own_version() -> None:
    assert BUILDER["dist"]["version"] == version("COLLECTOR_VERSION"), disagree(
        "COLLECTOR_VERSION in .env", "dist.version in otel-collector/builder.yaml"
    )
    assert in_go_mod("ocb", "go.opentelemetry.io/collector/cmd/builder") == version("COLLECTOR_VERSION"), disagree(
        "COLLECTOR_VERSION in .env", "stack/go/ocb/go.mod"
    )


def test_lite_shows_the_versions_of_env() -> None:
    shown = {
        server.name: dict(server.build.linked)[PROMETHEUS_VERSION_VARIABLE]
        for server in SERVERS
        if server.build and server.build.linked
    }
    assert shown == {
        "prometheus": version("PROMETHEUS_VERSION"),
        "alertmanager": version("LITE_ALERTMANAGER_VERSION"),
    }


def test_go_is_new_enough_for_every_module() -> None:
    for file in MODULES.glob("*/go.mod"):
        [needed] = re.findall(r"^go (\S+)$", file.read_text(), re.MULTILINE)
        assert tuple(map(int, needed.split("."))) <= GO_NEEDED, disagree("GO_NEEDED in stack/build.py", str(file))
