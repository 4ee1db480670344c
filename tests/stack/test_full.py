"""stack/full.py sends the right commands to Docker. A script stands in for Docker: not every machine has an engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fake_metrics import Loads, serving

from stack.failure import StackFailure
from stack.full import FullStack
from stack.servers import full_servers
from stack.settings import Stack

DOCKER = """#!/bin/sh
shift 3 # compose --project-directory …
echo "$@" >> "$FAKE/calls"
case $1 in
  ps) cat "$FAKE/ps" ;;
  logs) echo "no space left" ;;
  kill) touch "$FAKE/loaded-$4" ;;
  up) exit "$(cat "$FAKE/up-ends-with")" ;;
esac
"""


class Docker:
    """The script, and the commands that it received."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "docker").write_text(DOCKER)
        (folder / "docker").chmod(0o755)
        self.set_states(dict.fromkeys((server.name for server in full_servers()), "running"))
        self.up_ends_with(0)

    def set_states(self, states: dict[str, str]) -> None:
        """Set the containers' states, by service; running containers are healthy."""
        lines = [json.dumps({"Service": name, "State": state, "Health": "healthy"}) for name, state in states.items()]
        (self._folder / "ps").write_text("\n".join(lines))

    def up_ends_with(self, status: int) -> None:
        (self._folder / "up-ends-with").write_text(str(status))

    def loaded(self, server: str) -> Loads:
        """The time of the last SIGHUP of `server`; 1970 before the first."""
        file = self._folder / f"loaded-{server}"
        return Loads(file.stat().st_mtime if file.exists() else 0.0)

    @property
    def calls(self) -> list[str]:
        """The arguments of each command that changes something, since the last call."""
        file = self._folder / "calls"
        lines = file.read_text().splitlines()
        file.unlink()
        return [line for line in lines if line.split()[0] not in ("ps", "logs")]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE", str(tmp_path))
    return Docker(tmp_path)


@pytest.fixture
def stack(tmp_path: Path, docker: Docker) -> Iterator[Stack]:
    with ExitStack() as servers:
        ports = {
            f"{name.upper()}_PORT": str(servers.enter_context(serving(name, lambda name=name: docker.loaded(name))))
            for name in ("prometheus", "alertmanager")
        }
        yield Stack.load({"STACK_STATE": str(tmp_path / "state"), **ports})


UP = "up --detach --build --wait --wait-timeout 300"


def test_up_reloads_servers_whose_files_changed_and_no_others(stack: Stack, docker: Docker) -> None:
    FullStack(stack).up()
    assert docker.calls == [UP, "kill --signal SIGHUP prometheus", "kill --signal SIGHUP alertmanager"]
    FullStack(stack).up()
    assert docker.calls == [UP]
    FullStack(stack.with_scale("rehearsal")).up()
    assert docker.calls == [UP, "kill --signal SIGHUP prometheus", "kill --signal SIGHUP alertmanager"]


def test_a_failed_up_stops_a_new_stack_but_not_a_running_one(stack: Stack, docker: Docker) -> None:
    docker.up_ends_with(1)
    with pytest.raises(StackFailure) as failure:
        FullStack(stack).up()
    assert failure.value.lines == "no space left\n"
    assert docker.calls == [UP]
    docker.set_states({})
    with pytest.raises(StackFailure):
        FullStack(stack).up()
    assert docker.calls == [UP, "down"]


def test_stop_and_start_of_one_server(stack: Stack, docker: Docker) -> None:
    run = FullStack(stack)
    run.stop_server("loki")
    run.start_server("loki")
    assert docker.calls == [
        "stop loki",
        "up --detach --no-deps --no-recreate --wait --wait-timeout 120 loki",
    ]
    docker.up_ends_with(1)
    with pytest.raises(StackFailure, match="loki did not become ready") as failure:
        run.start_server("loki")
    assert failure.value.lines == "no space left\n"
    with pytest.raises(StackFailure, match="There is no server 'jaeger'"):
        run.stop_server("jaeger")


def test_stop_and_start_need_a_running_stack(stack: Stack, docker: Docker) -> None:
    docker.set_states({"loki": "exited"})
    for action in (FullStack(stack).stop_server, FullStack(stack).start_server):
        with pytest.raises(StackFailure, match="The stack is not running"):
            action("loki")
    assert docker.calls == []
