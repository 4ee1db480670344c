"""The committed rules files are what the source generates, and generating is quick and repeatable."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rule_files import ROOT

from dashboards_src.alerts import generate_rules
from dashboards_src.alerts.rules import FOLDERS, HEADER


def test_generated_files_are_up_to_date(tmp_path: Path) -> None:
    generate_rules(tmp_path)
    for folder in FOLDERS.values():
        fresh = {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}
        kept = {path.name: path.read_text() for path in (ROOT / folder).iterdir()}
        assert fresh == kept, f"{folder} is not what dashboards_src generates: run `make dashboards` and commit"
        assert all(text.startswith(HEADER.splitlines()[0]) for text in kept.values())


def test_generating_twice_is_quick_and_gives_the_same_files(tmp_path: Path) -> None:
    started = time.monotonic()
    for run in ("one", "two"):
        subprocess.run([sys.executable, "-m", "dashboards_src", str(tmp_path / run)], cwd=ROOT, check=True)
    assert time.monotonic() - started < 2 * 3
    for path in (tmp_path / "one").rglob("*.yaml"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
