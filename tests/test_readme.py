"""The README's table "To change … open …" is right: each change, made in a copy of the repository, arrives."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from dashboards_src.alerts import ALERT_NAMES
from loadtest import scenarios
from stack.settings import ROOT, Stack

README = (ROOT / "README.md").read_text()
TABLE = README.split("## To change")[1].split("\n\n")[1]
ROWS = dict(re.findall(r"^\| ((?!to change|---).+?) \| (.+?) \|$", TABLE, re.MULTILINE))

# Programs that run in the copy and print the result of its files.
PRICE = """
from llm_telemetry import Prices, Usage
print(Prices().cost("gpt-4o", Usage(1_000_000, 0, 0), provider="openai").dollars)
"""
LABELS = "from llm_telemetry.settings import load_settings; print(load_settings())"
METRICS = "from llm_telemetry.names import METRICS; print(*(metric.name for metric in METRICS))"
GENERATED = """
import subprocess, sys, tempfile
from pathlib import Path
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, "-m", "dashboards_src", folder], check=True)
    for file in sorted(Path(folder).rglob("*.*")):
        print(file.read_text())
"""
SCENARIOS = """
import sys
from loadtest.__main__ import main
sys.argv = ["loadtest", "list"]
main()
"""
# Rendered configuration, arguments and environment of lite's servers, and the images of full's.
CONFIGURATION = """
import sys
from string import Template
from pathlib import Path
from stack.__main__ import main
from stack.settings import Stack
Stack.load().secrets.mkdir(parents=True, exist_ok=True)
(Stack.load().secrets / "slack-webhook-url").write_text("https://hooks.example.com/services/x")
sys.argv = ["stack", "--profile", "lite", "config"]
main()
compose = Path("docker-compose.yml").read_text().replace(":?start with `make up`", "")
print(Template(compose).safe_substitute(Stack.load().values))
"""
TARGETS = """
from glob import glob
from pathlib import Path
import yaml
from stack.lite import LiteStack
from stack.settings import Stack
stack = Stack.load()
LiteStack(stack).render()
jobs = yaml.safe_load((stack.config / "prometheus/prometheus.yml").read_text())["scrape_configs"]
[apps] = [job for job in jobs if job["job_name"] == "apps"]
print(*(Path(file).read_text() for pattern in apps["file_sd_configs"][0]["files"] for file in glob(pattern)))
"""
COLLECTOR = """
from pathlib import Path
from stack.lite import LiteStack
from stack.settings import Stack
[collector] = [program for program in LiteStack(Stack.load()).programs() if program.name == "otel-collector"]
print(*(Path(part.removeprefix("--config=")).read_text() for part in collector.argv if part.startswith("--config=")))
"""
RUNBOOK = """
from pathlib import Path
from alert_sink.runbooks import RunbookLibrary
print(RunbookLibrary(Path("runbooks")).runbook("LLMLatencyHigh").parts)
"""
CONSOLE = """
import os, subprocess, sys, time, urllib.request
port = os.environ["FREE_PORT"]
console = subprocess.Popen([sys.executable, "-m", "console", "--port", port], stdout=subprocess.DEVNULL)
try:
    for _ in range(300):
        try:
            print(urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().decode())
            break
        except OSError:
            time.sleep(0.1)
finally:
    console.terminate()
    console.wait()
"""
MODELS = "from sim_provider.models import load_models; print(load_models().find('gpt-4o'))"
PROMPTS = "from demo_app.prompts import messages; print(messages('v1', 'support', 'Why?', ()))"


@dataclass(frozen=True)
class Change:
    """`old` becomes `new` in `file`; then the program `result` prints `expected`, which it did not print before."""

    file: str
    old: str  # empty: `new` is added at the end of the file
    new: str
    result: str
    expected: str


CONFIG = "dashboards_src/config.py"
CHANGES = {
    "a price": [
        Change(
            "llm_telemetry/prices.yaml",
            "overrides:\n",
            "overrides:\n  - { model: gpt-4o, input: 123.00, output: 10.00 }\n",
            PRICE,
            "123.0",
        )
    ],
    "the endpoints, models and tenants in labels": [
        Change("llm_telemetry/settings.yaml", "  - acme\n", "  - acme\n  - umbrella\n", LABELS, "umbrella")
    ],
    "a metric, span attribute or log field": [
        Change("llm_telemetry/names.py", '"llm_queue_depth"', '"llm_queue_length"', METRICS, "llm_queue_length")
    ],
    "a version or a port": [
        Change(".env", "PROMETHEUS_PORT=9090", "PROMETHEUS_PORT=9191", CONFIGURATION, "127.0.0.1:9191"),
        Change(".env", "TEMPO_VERSION=3", "TEMPO_VERSION=4", CONFIGURATION, "image: grafana/tempo:4"),
    ],
    "the host name in links": [
        Change(".env", "", "PUBLIC_HOST=llm.example.com\n", CONFIGURATION, "http://llm.example.com:3000")
    ],
    "the applications to scrape": [
        Change("prometheus/targets/mine.yaml", "", '- targets: ["localhost:8001"]\n', TARGETS, "localhost:8001")
    ],
    "an alert threshold, a window, a budget": [
        Change(CONFIG, "ERROR_RATE: Final = 0.05", "ERROR_RATE: Final = 0.07", GENERATED, "> 0.07"),
        Change(CONFIG, 'RATE: Final = PerScale("5m"', 'RATE: Final = PerScale("6m"', GENERATED, "[6m]"),
        Change(CONFIG, "DAILY_BUDGET: Final = PerScale(300", "DAILY_BUDGET: Final = PerScale(345",
               GENERATED, "345"),
    ],
    "an SLO": [
        Change(CONFIG, "0.99, names.REQUESTS", "0.9987, names.REQUESTS", GENERATED, "0.9987")
    ],
    "an alert's text": [
        Change("dashboards_src/alerts/requests.py", 'summary="', 'summary="Changed. ', GENERATED, "Changed. ")
    ],
    "a panel": [
        Change("dashboards_src/boards/overview.py", '"Requests per minute by endpoint"', '"Requests each minute"',
               GENERATED, '"Requests each minute"')
    ],
    "a runbook": [
        Change("runbooks/LLMLatencyHigh.md", "## Mitigation\n", "## Mitigation\n\nDrink tea.\n", RUNBOOK, "Drink tea.")
    ],
    "a load scenario": [
        Change("loadtest/scenarios.py", '"slow-retrieval"', '"slow-search"', SCENARIOS, "  slow-search ")
    ],
    "a page of the console": [
        Change("console/home/page.py", '"Live log"', '"Follow the log"', CONSOLE, "Follow the log")
    ],
    "who receives an alert": [
        Change("alertmanager/alertmanager.yml.j2", "receiver: record\n", "receiver: quality\n", CONFIGURATION,
               "receiver: quality\n      matchers: ['severity=\"info\"']")
    ],
    "the Slack channel": [Change(".env", "", 'SLACK_CHANNEL="#llm"\n', CONFIGURATION, 'channel: "#llm"')],
    "a server of the stack": [
        Change("stack/servers.py", "-envflag.prefix=VL_", "-envflag.prefix=LOGS_", CONFIGURATION,
               "-envflag.prefix=LOGS_")
    ],
    "the collector's configuration": [
        Change("otel-collector/config.yaml", "max_interval: 10s", "max_interval: 11s", COLLECTOR, "max_interval: 11s")
    ],
    "the retention of metrics, logs or traces": [
        Change(".env", "METRICS_RETENTION=100d", "METRICS_RETENTION=123d", CONFIGURATION, "time: 123d"),
        Change(".env", "LOGS_RETENTION=70d", "LOGS_RETENTION=77d", CONFIGURATION, "-retentionPeriod=77d"),
        Change(".env", "TRACES_RETENTION=21d", "TRACES_RETENTION=29d", CONFIGURATION, "696h"),
    ],
    "the models of the simulated provider": [
        Change("sim_provider/models.yaml", "ttft_ms: 520", "ttft_ms: 521.5", MODELS, "521.5")
    ],
    "the prompts of the demo application": [
        Change("demo_app/prompts.yaml", "You answer customers", "You serve customers", PROMPTS, "You serve customers")
    ],
}  # fmt: skip
ALL = [
    pytest.param(change, id=f"{row}: {change.new.strip()[:30]}") for row, found in CHANGES.items() for change in found
]


def test_every_row_has_a_change_of_a_file_that_the_row_names() -> None:
    assert list(CHANGES) == list(ROWS)
    for row, changes in CHANGES.items():
        named = re.findall(r"`([^`]+)`", ROWS[row])
        for change in changes:
            assert any(change.file == name or change.file.startswith(f"{name}/") for name in named), row


def test_numbers_in_the_text_are_those_of_the_code() -> None:
    text = " ".join(README.split())
    days = {name: value.removesuffix("d") for name, value in Stack.load({}).values.items() if "RETENTION" in name}
    assert text.count(f"{len(ALERT_NAMES)} alerts") == 2
    assert f"breaks one of {len(scenarios.SCENARIOS) - 1} things" in text  # all but the baseline
    kept = "Metrics are kept for {METRICS_RETENTION} days, logs for {LOGS_RETENTION}, traces for {TRACES_RETENTION}."
    assert kept.format_map(days) in text


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, without what git ignores."""
    folder = tmp_path_factory.mktemp("copy")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@cache
def printed_before(result: str, copy: Path) -> str:
    return printed(result, copy)


def printed(result: str, copy: Path) -> str:
    own = {*Stack.load({}).values, "PROFILE", "LLM_TELEMETRY_PRICES", "LLM_TELEMETRY_SETTINGS"}
    own |= {name for name in os.environ if name.startswith("PYTEST_")}  # NiceGUI serves nothing under pytest
    environment = {name: value for name, value in os.environ.items() if name not in own}
    with socket.create_server(("127.0.0.1", 0)) as free:
        environment["FREE_PORT"] = str(free.getsockname()[1])
    environment |= {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",  # a change within a second may leave a stale .pyc
        "STACK_STATE": str(copy / ".state"),
    }
    done = subprocess.run(
        [sys.executable, "-c", result], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def changed(file: Path, change: Change) -> Iterator[None]:
    before = file.read_text() if file.exists() else None
    assert change.old in (before or "")
    file.write_text((before or "").replace(change.old, change.new) if change.old else (before or "") + change.new)
    try:
        yield
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before)


@pytest.mark.parametrize("change", ALL)
def test_a_change_arrives(copy: Path, change: Change) -> None:
    assert change.expected not in printed_before(change.result, copy)
    with changed(copy / change.file, change):
        assert change.expected in printed(change.result, copy)
