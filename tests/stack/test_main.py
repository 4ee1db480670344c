"""`python -m stack`: its output, its error messages, and that it leaves no process behind."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from lite_process import LiteProcess, processes_of


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[LiteProcess]:
    process = LiteProcess.make(tmp_path)
    yield process
    process.run("down")
    assert processes_of(tmp_path) == []


def test_up_shows_every_address_and_down_leaves_no_process(lite: LiteProcess, tmp_path: Path) -> None:
    up = lite.run("up")
    assert up.returncode == 0, up.stderr
    assert "all 9 servers ready after" in up.stdout
    assert max(len(line) for line in up.stdout.splitlines()) <= 80
    for name in ("prometheus", "alertmanager", "jaeger", "victoria-logs", "otel-collector", "demo-app", "sim-provider",
                 "console"):  # fmt: skip
        assert f" {name} " in up.stdout
    assert lite.run("status").returncode == 0
    running = sorted(processes_of(tmp_path))
    assert lite.run("up").returncode == 0  # changes nothing
    assert sorted(processes_of(tmp_path)) == running

    assert lite.run("down").returncode == 0
    assert processes_of(tmp_path) == []
    status = lite.run("status")
    assert status.returncode == 1
    assert status.stdout.count("stopped") == 9


def test_down_keeps_data_and_clean_deletes_it(lite: LiteProcess, tmp_path: Path) -> None:
    assert lite.run("up").returncode == 0
    salt = (tmp_path / "secrets" / "user-salt").read_text()
    lite.run("down")
    assert (tmp_path / "data" / "prometheus").is_dir()
    refused = lite.run("clean")  # no standard input, so no answer to the question
    assert refused.returncode != 0
    assert (tmp_path / "data" / "prometheus").is_dir()
    assert (tmp_path / "secrets" / "user-salt").read_text() == salt
    cleaned = lite.run("clean", "--yes")
    assert cleaned.returncode == 0
    assert not tmp_path.exists() or not any(tmp_path.iterdir())


def test_only_the_owner_can_read_secrets_and_state(lite: LiteProcess, tmp_path: Path) -> None:
    lite.run("config")
    assert stat.S_IMODE(os.stat(tmp_path / "secrets").st_mode) == 0o700
    for file in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lite.run("up")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_port_in_use_is_reported_with_its_server_and_another_port(lite: LiteProcess, tmp_path: Path) -> None:
    port = int(lite.environment["PROMETHEUS_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        up = lite.run("up")
    assert up.returncode == 1
    assert f"Port {port} of prometheus is in use" in up.stderr
    assert f"make up PROMETHEUS_PORT={port + 1}" in up.stderr
    assert processes_of(tmp_path) == []


def test_a_server_that_ends_is_reported_with_its_log_and_the_others_are_stopped(tmp_path: Path) -> None:
    lite = LiteProcess.make(tmp_path, WEBHOOK_URL="no-url")
    up = lite.run("up")
    assert up.returncode == 1
    assert "alertmanager ends after each start" in up.stderr
    assert "unsupported scheme" in up.stderr
    assert str(tmp_path / "logs" / "alertmanager.log") in up.stderr
    assert processes_of(tmp_path) == []


def test_a_failed_build_is_reported_with_its_server_and_log(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    go = tools / "go"
    version = '[ "$1" = version ] && echo "go version go1.99.0 x" && exit'
    go.write_text(f'#!/bin/sh\n{version}\necho "no space left" >&2; exit 1\n')
    go.chmod(0o755)
    lite = LiteProcess.make(tmp_path / "state")
    up = lite.run("up", PATH=f"{tools}:{os.environ['PATH']}", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert up.returncode == 1
    assert "victoria-logs could not be built" in up.stderr
    assert "no space left" in up.stderr
    assert "`make up` continues from here" in up.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"OTLP_BIND": "here"}, "OTLP_BIND is 'here', which is not an IP address"),
        ({"CONSOLE_BIND": "here"}, "CONSOLE_BIND is 'here', which is not an IP address"),
        ({"TRACE_SAMPLING": "some"}, "TRACE_SAMPLING is 'some'"),
        ({"REHEARSAL": "maybe"}, "REHEARSAL is 'maybe'"),
    ],
)
def test_an_invalid_option_is_named(tmp_path: Path, options: dict[str, str], message: str) -> None:
    up = LiteProcess.make(tmp_path, **options).run("up")
    assert up.returncode == 1
    assert message in up.stderr


def test_an_unknown_server_is_answered_with_the_known_names(lite: LiteProcess) -> None:
    logs = lite.run("logs", "nginx")
    assert logs.returncode == 1
    assert "There is no server 'nginx'" in logs.stderr
    assert "otel-collector" in logs.stderr


def test_config_shows_rendered_files_without_secrets(lite: LiteProcess, tmp_path: Path) -> None:
    config = lite.run("config")
    assert config.returncode == 0
    assert "# config/prometheus/prometheus.yml" in config.stdout
    assert f"127.0.0.1:{lite.environment['JAEGER_METRICS_PORT']}" in config.stdout
    assert (tmp_path / "secrets" / "user-salt").read_text().strip() not in config.stdout


def test_two_stacks_do_not_affect_each_other(lite: LiteProcess, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = LiteProcess.make(tmp_path_factory.mktemp("other"))
    try:
        assert lite.run("up").returncode == 0
        assert other.run("up").returncode == 0
        requests.post(
            other.url("DEMO_APP_PORT", "/api/support/answer"), json={"question": "How long is the trial?"}, timeout=30
        ).raise_for_status()
        served = [
            requests.get(each.url("SIM_PROVIDER_PORT", "/admin/ledger/totals"), timeout=10).json()["totals"]
            for each in (lite, other)
        ]
        chats = [sum(entry["requests"] for entry in totals if entry["endpoint"] == "chat") for totals in served]
        assert chats == [0, 1]
        assert lite.run("down").returncode == 0
        assert other.run("status").returncode == 0
    finally:
        other.run("down")


def test_otlp_for_other_machines_requires_the_token(tmp_path: Path) -> None:
    lite = LiteProcess.make(tmp_path, OTLP_BIND="0.0.0.0")
    try:
        up = lite.run("up")
        assert up.returncode == 0, up.stderr
        url = lite.url("OTLP_HTTP_PORT", "/v1/traces")
        token = (tmp_path / "secrets" / "otlp-token").read_text().strip()
        assert requests.post(url, json={"resourceSpans": []}, timeout=10).status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.post(url, json={"resourceSpans": []}, headers=headers, timeout=10).status_code == 200
    finally:
        lite.run("down")


def test_a_console_for_other_machines_requires_the_password(tmp_path: Path) -> None:
    lite = LiteProcess.make(tmp_path, CONSOLE_BIND="0.0.0.0")
    try:
        up = lite.run("up")
        assert up.returncode == 0, up.stderr
        file = tmp_path / "secrets" / "console-password"
        assert f"The console's password is in\n  {file}" in up.stdout
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        page = requests.get(lite.url("GRAFANA_PORT", "/"), headers={"accept": "text/html"}, timeout=10)
        assert "/login" in page.url
        with requests.Session() as browser:
            answer = browser.post(
                lite.url("GRAFANA_PORT", "/login"),
                data={"password": file.read_text().strip()},
                headers={"origin": lite.url("GRAFANA_PORT")},
                timeout=10,
            )
            assert answer.status_code == 200
            assert "/login" not in answer.url
    finally:
        lite.run("down")
