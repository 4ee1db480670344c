"""What the real `docker compose config` makes of docker-compose.yml, without a Docker engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from stack.build import tool
from stack.full import FullStack
from stack.settings import ROOT, Stack


def compose_config(folder: Path, **options: str) -> Any:
    """The configuration of a stack in `folder` with these options."""
    full = FullStack(Stack.load({"STACK_STATE": str(folder), **options}))
    full.render()
    done = subprocess.run(
        [tool("docker-compose"), "--project-directory", str(ROOT), "-f", str(ROOT / "docker-compose.yml"),
         "config", "--format", "json"],
        env=full.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
