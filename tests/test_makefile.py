"""`make` alone shows every target and option, in groups, on 80 columns."""

from __future__ import annotations

import re
import subprocess

import pytest

from stack.settings import ROOT, Stack

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)
GROUPS = ["Run", "Look", "Test", "Load", "Develop"]


@pytest.fixture(scope="module")
def shown() -> str:
    return subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_help_shows_the_groups_in_order(shown: str) -> None:
    assert re.findall(r"^(\w+)$", shown, re.MULTILINE) == GROUPS


def test_help_shows_every_target_once_with_a_text(shown: str) -> None:
    assert sorted(re.findall(r"^  ([a-z-]+) +\w", shown, re.MULTILINE)) == sorted(TARGETS)


def test_help_fits_80_columns(shown: str) -> None:
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_every_target_is_phony() -> None:
    phony = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert sorted(" ".join(phony).split()) == sorted(TARGETS)


def test_help_shows_every_option_that_a_recipe_reads(shown: str) -> None:
    own = {"MAKEFILE_LIST", "MAKECMDGOALS", "CURDIR", "VENV", "RUN", "UV", "UV_VERSION", "BROWSER"}
    read = set(re.findall(r"\$\(([A-Z_]+)\)|\$\((?:if|or) \$\(([A-Z_]+)\)", MAKEFILE))
    options = {name for pair in read for name in pair if name} - own
    assert options >= {"SERVICE", "SCENARIO", "ONLY", "REAL", "ARGS", "COLD", "MINUTES", "PYTHON"}
    assert {name for name in options if not re.search(rf"^      {name}=", shown, re.MULTILINE)} == set()


def test_options_of_up_are_settings_of_the_stack(shown: str) -> None:
    of_up = shown.split("  up ")[1].split("  down ")[0]
    options = set(re.findall(r"^      ([A-Z_]+)=", of_up, re.MULTILINE))
    assert options - {"PROFILE"} <= set(Stack.load({}).values)


def test_files_in_recipes_exist() -> None:
    named = set(re.findall(r"\b((?:tests|bench)/[\w/]+\.py)\b", MAKEFILE))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()
