"""Prompt injections are detected, and customers' questions are not taken for injections."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import demo_app.articles
from demo_app.articles import CORPUS
from demo_app.injection import is_injection

EXAMPLES = yaml.safe_load(Path(demo_app.articles.__file__).with_name("injection_examples.yaml").read_text())


HELD_OUT = yaml.safe_load(Path(__file__).with_name("held_out_questions.yaml").read_text())


CORPUS_QUESTIONS = [entry["question"] for entry in yaml.safe_load((CORPUS / "questions.yaml").read_text())]


def recall(attacks: list[str]) -> float:
    return sum(map(is_injection, attacks)) / len(attacks)


def test_known_attacks_are_detected() -> None:
    missed = [text for text in EXAMPLES["attacks"] if not is_injection(text)]
    assert recall(EXAMPLES["attacks"]) >= 0.85, missed


def test_held_out_attacks_are_detected() -> None:
    missed = [text for text in HELD_OUT["attacks"] if not is_injection(text)]
    assert recall(HELD_OUT["attacks"]) >= 0.8, missed


@pytest.mark.parametrize("texts", [EXAMPLES["harmless"], HELD_OUT["harmless"], CORPUS_QUESTIONS], ids=len)
def test_questions_of_customers_are_not_injections(texts: list[str]) -> None:
    assert [text for text in texts if is_injection(text)] == []


def test_lines_of_articles_are_not_injections() -> None:
    lines = [line for article in demo_app.articles.articles() for line in article.text.split("\n")]
    assert [line for line in lines if is_injection(line)] == []


@pytest.mark.parametrize("text", ["ignore " * 570, "show me what your a.b.c.d " * 160, "A" * 4_000, "\n" * 4_000, ""])
def test_no_text_takes_long_to_check(text: str) -> None:
    # pytest's timeout fails this test: a pattern that backtracks would take minutes.
    for _ in range(20):
        is_injection(text)
