"""The committed dashboards are what the source generates; rendered dashboards have the running stack's address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dashboard_queries import FOLDER

from dashboards_src import config
from dashboards_src.boards import generate_dashboards, render_dashboards

GENERATE = "run `make dashboards` and commit what it writes"


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert [path.name for path in generate_dashboards(first)] == [f"{uid}.json" for uid in config.DASHBOARDS]
    generate_dashboards(second)
    assert read(first) == read(second)


def test_committed_files_are_up_to_date(tmp_path: Path) -> None:
    generate_dashboards(tmp_path)
    new, committed = read(tmp_path), read(FOLDER)
    assert new.keys() == committed.keys(), GENERATE
    assert [name for name in new if new[name] != committed[name]] == [], GENERATE


def test_a_file_that_is_no_longer_generated_is_removed(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    generate_dashboards(tmp_path)
    assert not (tmp_path / "old.json").exists()


@pytest.mark.parametrize("uid", config.DASHBOARDS)
def test_rendered_dashboards_differ_from_the_committed_in_the_address_of_the_runbooks_only(
    uid: str, tmp_path: Path
) -> None:
    render_dashboards(tmp_path, "https://stack.example:9999/runbooks")
    rendered = (tmp_path / f"{uid}.json").read_text()
    assert rendered.count("https://stack.example:9999/runbooks") == 1
    committed = (FOLDER / f"{uid}.json").read_text()
    assert rendered.replace("https://stack.example:9999/runbooks", config.RUNBOOKS_URL) == committed


def test_an_unchanged_dashboard_is_not_written_again(tmp_path: Path) -> None:
    """A server that reads the folder at that moment would find half a file."""
    for address, is_same in (("http://a/runbooks", False), ("http://a/runbooks", True), ("http://b/runbooks", False)):
        for file in tmp_path.glob("*.json"):
            os.utime(file, (1, 1))
        render_dashboards(tmp_path, address)
        assert {file.stat().st_mtime == 1 for file in tmp_path.glob("*.json")} == {is_same}
