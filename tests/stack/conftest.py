"""The stack of the live tests: lite on free ports, or with --running-stack the stack that `make up` started."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from lite_process import LiteProcess, processes_of
from live_stack import LiveStack

from stack.settings import Stack


@pytest.fixture(scope="session")
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    if request.config.getoption("--running-stack"):
        yield LiveStack(Stack.load(), None)
        return
    folder = tmp_path_factory.mktemp("stack")
    process = LiteProcess.make(folder, PUBLIC_HOST="127.0.0.1")  # not the default host, so that tests notice it
    up = process.run("up")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        yield LiveStack(process.stack, process)
    finally:
        process.run("down")
    assert processes_of(folder) == []


@pytest.fixture
def lite_only(live: LiveStack) -> LiveStack:
    """The stack, for a test that needs lite's processes on this machine."""
    if live.process is None:
        pytest.skip("needs the processes of a lite stack")
    return live


def pytest_configure() -> None:
    os.environ.pop("STACK_STATE", None)
