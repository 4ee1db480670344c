"""A prompt has the system prompt of its version, numbered articles, the question, and a history of a given length."""

from __future__ import annotations

import time
from typing import Any

import pytest

from demo_app.articles import articles
from demo_app.prompts import CANARY, check_version, messages
from demo_app.settings import DemoSettingsError
from sim_provider.tokenizer import tokenize


def test_an_unknown_prompt_version_is_refused() -> None:
    check_version("v2")
    with pytest.raises(DemoSettingsError, match=r"DEMO_PROMPT_VERSION='v9': prompts.yaml has v1, v2"):
        check_version("v9")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("task", "label"), [("support", "Question: Why?"), ("summary", "Topic: Why?")])
def test_messages_have_prompt_articles_and_question(version: str, task: Any, label: str) -> None:
    system, user = messages(version, task, "Why?", articles()[:2])
    assert (system["role"], user["role"]) == ("system", "user")
    assert CANARY in system["content"]
    assert CANARY not in user["content"]
    assert f"[1] {articles()[0].title}\n" in user["content"]
    assert f"[2] {articles()[1].title}\n" in user["content"]
    assert user["content"].endswith(label)


def test_question_in_braces_is_only_text() -> None:
    assert messages("v1", "support", "{canary} {0}", ())[1]["content"].endswith("Question: {canary} {0}")


@pytest.mark.parametrize("tokens", [1, 50, 12_000, 200_000])
def test_the_history_has_the_requested_number_of_tokens(tokens: int) -> None:
    without = messages("v1", "support", "Why?", ())
    system, history, user = messages("v1", "support", "Why?", (), tokens)
    assert [system, user] == without
    assert len(tokenize(history["content"])) == pytest.approx(tokens, rel=0.02, abs=12)


def test_long_prompts_are_built_quickly() -> None:
    messages("v1", "support", "Why?", (), 200_000)
    begun = time.process_time()
    for _ in range(100):
        messages("v1", "support", "Why?", (), 200_000)
    assert time.process_time() - begun < 0.5
