"""Runs the servers under supervisord: it restarts them with back-off, rotates logs and stops process groups."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from stack.failure import StackFailure
from stack.settings import ROOT, Stack

STOP_WAIT_S = 15  # from TERM to KILL; Prometheus writes its newest samples to disk in this time
_ASK_EVERY_S = 0.1


@dataclass(frozen=True)
class Program:
    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]


class Supervisor:
    """The supervisord of one stack. It runs on after its terminal is closed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._config = stack.config / "supervisord.conf"

    @property
    def running(self) -> bool:
        try:
            return bool(self._rpc.supervisor.getState())
        except (OSError, xmlrpc.client.Error):
            return False

    def start(self, programs: Sequence[Program], last: str) -> None:
        """Start supervisord with `programs` in this order, or apply the changes to a running one.

        A new supervisord leaves the program `last` to start_one().
        """
        self._write(programs, last)
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
                    "supervisord, which runs the servers, did not start.",
                    f"The whole log: {self._stack.logs / 'supervisord.log'}",
                    started.stderr or started.stdout,
                )
            time.sleep(_ASK_EVERY_S)

    def stop(self) -> None:
        if not self.running:
            return
        pid = self._rpc.supervisor.getPID()
        self._rpc.supervisor.shutdown()
        deadline = time.monotonic() + STOP_WAIT_S + 10
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(_ASK_EVERY_S)
        self._stack.socket.unlink(missing_ok=True)

    def start_one(self, name: str) -> None:
        self._call_unless(Faults.ALREADY_STARTED, "startProcess", name, False)

    def stop_one(self, name: str) -> None:
        self._call_unless(Faults.NOT_RUNNING, "stopProcess", name)

    def send_sighup(self, name: str) -> None:
        self._rpc.supervisor.signalProcess(name, "HUP")

    def states(self) -> dict[str, dict[str, Any]]:
        """By program: `statename`, `pid`, `start`, `spawnerr`. Empty when supervisord is down."""
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

    def _call_unless(self, fault: int, method: str, *arguments: object) -> None:
        """Call `method` and ignore `fault`, which means that there is nothing to do."""
        try:
            getattr(self._rpc.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as error:
            if error.faultCode != fault:
                raise

    def _update(self) -> None:
        [[added, changed, removed]] = self._rpc.supervisor.reloadConfig()
        for name in [*changed, *removed]:
            self._rpc.supervisor.stopProcessGroup(name)
            self._rpc.supervisor.removeProcessGroup(name)
        for name in [*added, *changed]:
            self._rpc.supervisor.addProcessGroup(name)
        for name, info in self.states().items():
            if info["statename"] in ("STOPPED", "EXITED", "FATAL"):
                self._rpc.supervisor.startProcess(name, False)

    def _write(self, programs: Sequence[Program], last: str) -> None:
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
                "directory": str(ROOT),
                "priority": str(order),  # started in this order, stopped in the reverse order
                "autostart": str(program.name != last).lower(),
                "autorestart": "true",
                "startsecs": "2",
                "startretries": "6",  # with 1, 2, … 6 s between them
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
    """A value of supervisord's environment: in either kind of quotes, without escapes, % doubled."""
    quote = "'" if '"' in text else '"'
    if quote in text:
        raise ValueError(f"{text!r} has both kinds of quotes; supervisord cannot pass it on")
    return quote + text.replace("%", "%%") + quote


def _quoted(text: str) -> str:
    """A word of supervisord's command: in quotes, with escapes, % doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
