"""stack/reload.py reloads servers whose files changed, and reports servers that refuse their files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fake_metrics import Loads, serving

from stack import reload
from stack.failure import StackFailure
from stack.reload import reload_changed
from stack.servers import Server

LONG_AGO, NOW = 1_000_000.0, 2_000_000.5


class Reloading:
    """A server with one file, which it loads on SIGHUP."""

    def __init__(self, folder: Path) -> None:
        self.loads = Loads(at=NOW)
        self.accepts = True  # whether it accepts the file
        self.sighups: list[str] = []
        self.file = folder / "rules.yaml"
        self.file.touch()
        self.server = Server("prometheus", "metrics", "", (), "", ("PORT",), reads=("{config}/*.yaml",))

    def send_sighup(self, name: str) -> None:
        self.sighups.append(name)
        self.loads = Loads(time.time(), False) if self.accepts else Loads(self.loads.at, True)

    def write(self, at: float) -> None:
        """Change the file at this Unix time."""
        os.utime(self.file, (at, at))

    def reload(self) -> None:
        with serving("prometheus", lambda: self.loads) as port:
            names = {"config": str(self.file.parent), "PORT": str(port)}
            reload_changed([self.server], names, self.send_sighup, lambda name: f"{name} said: bad rule")


@pytest.fixture
def reloading(tmp_path: Path) -> Reloading:
    return Reloading(tmp_path)


def test_a_server_that_has_loaded_its_files_is_not_reloaded(reloading: Reloading) -> None:
    reloading.write(LONG_AGO)
    reloading.reload()
    assert reloading.sighups == []


def test_a_server_whose_file_changed_is_reloaded_once(reloading: Reloading) -> None:
    reloading.write(NOW + 0.25)
    reloading.reload()
    assert reloading.sighups == ["prometheus"]
    reloading.reload()
    assert reloading.sighups == ["prometheus"]


def test_a_refused_file_is_an_error_with_the_servers_log(reloading: Reloading) -> None:
    reloading.write(NOW + 1)
    reloading.accepts = False
    with pytest.raises(StackFailure, match="prometheus refuses its new configuration") as failure:
        reloading.reload()
    assert failure.value.lines == "prometheus said: bad rule"


def test_a_server_that_refused_its_file_is_reloaded_again(
    reloading: Reloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "_WITHIN_S", 0.3)
    reloading.write(NOW + 1)
    reloading.loads = Loads(NOW, refused=True)
    reloading.accepts = False
    with pytest.raises(StackFailure, match="refuses"):
        reloading.reload()
    reloading.accepts = True
    reloading.reload()
    assert reloading.sighups == ["prometheus"] * 2


def test_a_server_that_does_not_answer_is_an_error(reloading: Reloading) -> None:
    names = {"config": str(reloading.file.parent), "PORT": "1"}
    with pytest.raises(StackFailure, match="prometheus does not answer at /metrics"):
        reload_changed([reloading.server], names, reloading.send_sighup, str)
