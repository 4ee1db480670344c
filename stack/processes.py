"""Runs the servers under supervisord: restarts with back-off, rotated logs, whole process groups stopped."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from stack.failure import StackFailure
from stack.settings import Stack

STOP_WAIT_S = 15  # from TERM to KILL; Prometheus writes its head in it
_ASK_EVERY_S = 0.1


@dataclass(frozen=True)
class Program:
    """One process to run."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


class Supervisor:
    """The supervisord of one stack. It survives the terminal that started it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._config = stack.config / "supervisord.conf"

    @property
    def running(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._rpc.supervisor.getState())
        except (OSError, xmlrpc.client.Error):
            return False

    def start(self, programs: Sequence[Program]) -> None:
        """Start supervisord with `programs` (those that others send to come first), or give a running one what changed.

        Raises:
            StackFailure: it does not come up.
        """
        self._write(programs)
        if self.running:
            self._update()
            return
        self._stack.socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        started = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        deadline = time.monotonic() + 10
        while not self.running:
            if started.returncode or time.monotonic() > deadline:
                raise StackFailure(
                    "The supervisor does not start.",
                    f"Look into {self._stack.logs / 'supervisord.log'}.",
                    started.stderr or started.stdout,
                )
            time.sleep(_ASK_EVERY_S)

    def stop(self) -> None:
        """Stop all servers and supervisord, and wait until they are gone."""
        if not self.running:
            return
        pid = self._rpc.supervisor.getPID()
        self._rpc.supervisor.shutdown()
        deadline = time.monotonic() + STOP_WAIT_S + 10
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(_ASK_EVERY_S)
        self._stack.socket.unlink(missing_ok=True)

    def start_one(self, name: str) -> None:
        """Start the program called `name`, if it does not run."""
        self._unless(Faults.ALREADY_STARTED, "startProcess", name, False)

    def stop_one(self, name: str) -> None:
        """Stop the program called `name` and wait until it is gone."""
        self._unless(Faults.NOT_RUNNING, "stopProcess", name)

    def hang_up(self, name: str) -> None:
        """Send SIGHUP to the program called `name`."""
        self._rpc.supervisor.signalProcess(name, "HUP")

    def states(self) -> dict[str, dict[str, Any]]:
        """What supervisord says of each program: `statename`, `pid`, `start`, `spawnerr`; empty if it is down."""
        try:
            infos: Any = self._rpc.supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error):
            return {}
        return {info["name"]: info for info in infos}

    @property
    def _rpc(self) -> Any:
        return xmlrpc.client.ServerProxy(
            "http://localhost", transport=SupervisorTransport(None, None, f"unix://{self._stack.socket}")
        )

    def _unless(self, fault: int, method: str, *arguments: object) -> None:
        """Call `method`; that fault says that there is nothing to do."""
        try:
            getattr(self._rpc.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as said:
            if said.faultCode != fault:
                raise

    def _update(self) -> None:
        """Stop what is gone or changed, start what is new, changed or had given up."""
        [[added, changed, removed]] = self._rpc.supervisor.reloadConfig()
        for name in [*changed, *removed]:
            self._rpc.supervisor.stopProcessGroup(name)
            self._rpc.supervisor.removeProcessGroup(name)
        for name in [*added, *changed]:
            self._rpc.supervisor.addProcessGroup(name)
        for name, info in self.states().items():
            if info["statename"] in ("STOPPED", "EXITED", "FATAL"):
                self._rpc.supervisor.startProcess(name, False)

    def _write(self, programs: Sequence[Program]) -> None:
        stack = self._stack
        for folder in (stack.config, stack.logs):
            folder.mkdir(parents=True, exist_ok=True)
        config = configparser.RawConfigParser()
        config.optionxform = str  # type: ignore[assignment, method-assign] # names of environment variables
        config["unix_http_server"] = {"file": str(stack.socket), "chmod": "0600"}
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        config["supervisord"] = {
            "logfile": str(stack.logs / "supervisord.log"),
            "logfile_maxbytes": "5MB",
            "logfile_backups": "1",
            "pidfile": str(stack.state / "supervisord.pid"),
            "childlogdir": str(stack.logs),
            "directory": str(stack.state),
        }
        for order, program in enumerate(programs):
            config[f"program:{program.name}"] = {
                "command": " ".join(_quoted(word) for word in program.argv),
                "environment": ",".join(f"{key}={_value(value)}" for key, value in program.environment.items()),
                "directory": str(program.directory),
                "priority": str(order),  # started in this order, stopped in the other one
                "autorestart": "true",
                "startsecs": "2",
                "startretries": "6",  # waits 1, 2, … 6 s between them
                "stopwaitsecs": str(STOP_WAIT_S),
                "stopasgroup": "true",
                "killasgroup": "true",
                "redirect_stderr": "true",
                "stdout_logfile": str(stack.logs / f"{program.name}.log"),
                "stdout_logfile_maxbytes": "10MB",
                "stdout_logfile_backups": "3",
            }
        self._config.touch(0o600)  # the environment holds the OTLP token
        with self._config.open("w") as file:
            config.write(file)


def _value(text: str) -> str:
    """For supervisord's environment, which knows both quotes, no escapes, and in which % is special."""
    quote = "'" if '"' in text else '"'
    if quote in text:
        raise ValueError(f"{text!r} has both kinds of quotes, which supervisord cannot pass on")
    return quote + text.replace("%", "%%") + quote


def _quoted(text: str) -> str:
    """For supervisord's shell-like words, in which % is special."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
