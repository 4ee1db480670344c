"""The command line starts and stops the provider, and refuses wrong arguments."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI
from sim_live import ask

from sim_provider.__main__ import main, parse_arguments

HELP_NAMES = ["--host", "--port", "--seed", "--latency-scale", "--config", "SIM_PROVIDER_API_KEY", "/admin/faults/"]


def test_the_process_serves_and_stops() -> None:
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


def test_help_names_options_and_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    text = capsys.readouterr().out
    assert [name for name in HELP_NAMES if name not in text] == []


def test_the_environment_gives_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_PROVIDER_HOST", "::1")
    monkeypatch.setenv("SIM_PROVIDER_PORT", "1234")
    monkeypatch.setenv("SIM_PROVIDER_SEED", "99")
    options = parse_arguments(["--seed", "3"])
    assert (options.host, options.port, options.seed, options.latency_scale) == ("::1", 1234, 3, 1.0)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--latency-scale", "-1"], ["--seed", "x"], ["--nope"]])
def test_wrong_arguments_are_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments(arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_missing_models_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.yaml")]) == 2
    assert "cannot use the models file" in capsys.readouterr().err
