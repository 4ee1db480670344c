"""Has servers read their configuration again, where a file was written after they had read it."""

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
class _Loaded:
    """What a server says of its configuration."""

    at: float  # Unix s of the last time that it read one and took it
    refused: bool  # one that it was given since


def reload_changed(
    servers: Sequence[Server], names: Context, hang_up: Callable[[str], None], said: Callable[[str], str]
) -> None:
    """Reload each of `servers`, all ready, whose files changed, and wait until it works with them.

    Args:
        servers: of one stack.
        names: what the table's templates name.
        hang_up: sends SIGHUP to a server.
        said: the last lines of a server's log.

    Raises:
        StackFailure: a server refuses its files; with its words. It goes on with the old ones.
    """
    for server in servers:
        files = [file for pattern in server.reads for file in glob(fill_template(pattern, names, Path()))]
        if not files:
            continue
        before = _loaded(server, names)
        if before.at < max(Path(file).stat().st_mtime for file in files):
            hang_up(server.name)
            _wait(server, names, before, said)


def _wait(server: Server, names: Context, before: _Loaded, said: Callable[[str], str]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while (now := _loaded(server, names)).at <= before.at:
        # One that had refused before says nothing new when it refuses again: then only time tells.
        if (now.refused and not before.refused) or time.monotonic() > deadline:
            raise StackFailure(
                f"{server.name} refuses its new configuration and goes on with the old one.",
                "Mend what it names and run the same command again; `make config` shows what it was given.",
                said(server.name),
            )
        time.sleep(_ASK_EVERY_S)


def _loaded(server: Server, names: Context) -> _Loaded:
    url = f"http://127.0.0.1:{names[server.ports[0]]}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            metrics = answer.read().decode()
    except OSError as error:
        raise StackFailure(f"{server.name} does not say what it has loaded: {error}.", "make status") from error
    values = dict(re.findall(rf"^{server.name}_config_last_reload_(\w+) (\S+)$", metrics, re.MULTILINE))
    return _Loaded(at=float(values["success_timestamp_seconds"]), refused=float(values["successful"]) == 0)
