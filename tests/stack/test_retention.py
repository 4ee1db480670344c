""".env says how long data is kept, and every server of both profiles gets it from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_config import compose_config

from stack.failure import StackFailure
from stack.lite import LiteStack
from stack.processes import Program
from stack.settings import ROOT, Stack

CHANGED = {
    "METRICS_RETENTION": "50d",
    "METRICS_RETENTION_SIZE": "3GB",
    "LOGS_RETENTION": "4w",
    "LOGS_RETENTION_SIZE": "2GiB",
    "TRACES_RETENTION": "48h",
    "ALERTS_RETENTION": "36h",
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack.load({"STACK_STATE": str(tmp_path), **CHANGED})


@pytest.fixture
def lite(stack: Stack) -> dict[str, Program]:
    return {program.name: program for program in LiteStack(stack).programs()}


def settings(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_metrics(stack: Stack) -> None:
    LiteStack(stack).render()
    prometheus = yaml.safe_load((stack.config / "prometheus" / "prometheus.yml").read_text())
    assert prometheus["storage"]["tsdb"]["retention"] == {"time": "50d", "size": "3GB"}


def test_logs_and_traces_of_lite(lite: dict[str, Program]) -> None:
    assert "-retentionPeriod=4w" in lite["victoria-logs"].argv
    assert "-retention.maxDiskSpaceUsageBytes=2GiB" in lite["victoria-logs"].argv
    assert lite["jaeger"].environment["JAEGER_RETENTION"] == "48h"
    storage = settings("jaeger/jaeger.yaml")["extensions"]["jaeger_storage"]["backends"]["traces"]
    assert storage["badger"]["ttl"]["spans"] == "${env:JAEGER_RETENTION}"


def test_logs_and_traces_of_full(tmp_path: Path) -> None:
    services = compose_config(tmp_path, **CHANGED)["services"]
    assert services["loki"]["environment"]["LOKI_RETENTION"] == f"{28 * 24}h"
    assert services["tempo"]["environment"]["TEMPO_RETENTION"] == "48h"
    assert settings("loki/loki.yaml")["limits_config"]["retention_period"] == "${LOKI_RETENTION}"
    compaction = settings("tempo/tempo.yaml")["overrides"]["defaults"]["compaction"]
    assert compaction["block_retention"] == "${TEMPO_RETENTION}"


def test_alerts(lite: dict[str, Program], tmp_path: Path) -> None:
    services = compose_config(tmp_path, **CHANGED)["services"]
    assert "--data.retention=36h" in lite["alertmanager"].argv
    assert "--data.retention=36h" in services["alertmanager"]["command"]
    assert lite["alert-sink"].environment["ALERT_SINK_RETENTION_DAYS"] == "1.5"
    assert services["alert-sink"]["environment"]["ALERT_SINK_RETENTION_DAYS"] == "1.5"


@pytest.mark.parametrize("name", [name for name in CHANGED if not name.endswith("_SIZE")])
@pytest.mark.parametrize("value", ["forever", "0d", "100", "1.5d"])
def test_a_retention_that_cannot_be_used_is_named(name: str, value: str, tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path), name: value})
    with pytest.raises(StackFailure, match=f"{name} is '{value}'"):
        LiteStack(stack).programs()
