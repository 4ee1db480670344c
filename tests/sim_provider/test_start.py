"""Starting it: command line, environment, models file, who may use /admin."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from openai import OpenAI
from sim_live import Live, ask

from sim_provider.__main__ import main, parse_arguments
from sim_provider.admin import _is_loopback
from sim_provider.models import DEFAULT_MODELS_FILE, ModelsFileError, load_models

HELP_NAMES = ["--host", "--port", "--seed", "--latency-scale", "--config", "SIM_PROVIDER_API_KEY", "/admin/faults/"]


def test_process_serves_and_stops() -> None:
    command = [sys.executable, "-m", "sim_provider", "--port", "0", "--latency-scale", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+/v1", process.stdout.readline())
            assert url
            with OpenAI(base_url=url[0], api_key="x", max_retries=0) as client:
                assert client.chat.completions.create(model="gpt-4o", messages=ask()).usage
        finally:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    assert [name for name in HELP_NAMES if name not in text] == []


def test_environment_gives_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_PROVIDER_HOST", "::1")
    monkeypatch.setenv("SIM_PROVIDER_PORT", "1234")
    monkeypatch.setenv("SIM_PROVIDER_SEED", "99")
    options = parse_arguments(["--seed", "3"])
    assert (options.host, options.port, options.seed, options.latency_scale) == ("::1", 1234, 3, 1.0)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--latency-scale", "-1"], ["--seed", "x"], ["--nope"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments(arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_unusable_models_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.yaml")]) == 2
    assert "cannot use the models file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ttft_ms: 520", "ttft_ms: fast", "chat.gpt-4o.ttft_ms: 'fast' is not a usable float"),
        ("ttft_ms: 520", "", "chat.gpt-4o: missing ['ttft_ms']"),
        ("ttft_ms: 520", "ttft_ms: 520\n    price: 1", "unknown ['price']"),
        ("tokens_per_second: 90", "tokens_per_second: 0", "tokens_per_second: 0 is not"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-11-20", "two models: gpt-4o-2024-11-20"),
        ("\nchat:", "\nchats:", "sections `chat` and `embedding`"),
        ("\nchat:", "\nchat: [", "not YAML"),
    ],
)
def test_wrong_models_files_name_the_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(DEFAULT_MODELS_FILE.read_text().replace(old, new, 1))
    with pytest.raises(ModelsFileError) as error:
        load_models(file)
    assert says in str(error.value)


def test_admin_token_is_asked_for_when_configured(start) -> None:
    live: Live = start(admin_token="secret")
    assert live.admin("GET", "/faults").status_code == 401
    assert live.admin("GET", "/faults", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert live.admin("GET", "/faults", headers={"authorization": "Bearer secret"}).status_code == 200


async def test_admin_refuses_other_machines(live: Live) -> None:
    transport = httpx.ASGITransport(app=live.app, client=("10.1.2.3", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as client:
        answer = await client.get("/admin/ledger", headers={"x-forwarded-for": "127.0.0.1"})
        assert answer.status_code == 403
        assert "SIM_PROVIDER_ADMIN_TOKEN" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.1.5", False), ("", False), ("x", False)],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert _is_loopback((address, 1)) is loopback
