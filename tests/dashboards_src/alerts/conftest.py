"""The fixture `promtool`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from rule_files import Promtool

from stack.build import tool


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool with arguments: the binary in $PROMTOOL, else the binary that the stack built."""
    binary = os.environ.get("PROMTOOL") or str(tool("promtool"))

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, check=False)

    return run
