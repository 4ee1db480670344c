"""Makes servers reload configuration files that changed after their last load."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from stack.failure import StackFailure
from stack.render import Context, fill_template
from stack.servers import Server

_WITHIN_S = 30.0
_ASK_EVERY_S = 0.1
_TIMEOUT_S = 10


@dataclass(frozen=True)
class _LastLoad:
    at: float  # Unix s of the last successful load
    refused: bool  # whether a later load failed


def reload_changed(
    servers: Sequence[Server], names: Context, send_sighup: Callable[[str], None], log_tail: Callable[[str], str]
) -> None:
    """Reload each server whose files changed, and wait until it has loaded them. All servers are ready."""
    for server in servers:
        files = [file for pattern in server.reads for file in glob(fill_template(pattern, names, Path()))]
        if not files:
            continue
        before = _last_load(server, names)
        if before.at < max(Path(file).stat().st_mtime for file in files):
            send_sighup(server.name)
            _wait(server, names, before, log_tail)


def _wait(server: Server, names: Context, before: _LastLoad, log_tail: Callable[[str], str]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while (now := _last_load(server, names)).at <= before.at:
        # A second refusal in a row changes no metric: then only the deadline ends the wait.
        if (now.refused and not before.refused) or time.monotonic() > deadline:
            raise StackFailure(
                f"{server.name} refuses its new configuration and keeps the old one.",
                "Correct the error that the log names and repeat the command. `make config` shows the configuration.",
                log_tail(server.name),
            )
        time.sleep(_ASK_EVERY_S)


def _last_load(server: Server, names: Context) -> _LastLoad:
    url = f"http://127.0.0.1:{names[server.ports[0]]}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            metrics = answer.read().decode()
    except OSError as error:
        raise StackFailure(f"{server.name} does not answer at /metrics: {error}.", "make status") from error
    values = dict(re.findall(rf"^{server.name}_config_last_reload_(\w+) (\S+)$", metrics, re.MULTILINE))
    return _LastLoad(at=float(values["success_timestamp_seconds"]), refused=float(values["successful"]) == 0)
