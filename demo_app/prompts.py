"""Messages for the model, from a versioned prompt, the articles found and the question."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from demo_app.articles import Article
from demo_app.settings import DemoSettingsError

PROMPTS_FILE = Path(__file__).with_name("prompts.yaml")
CANARY = f"ref-{secrets.token_hex(6)}"  # new in every process, so that nobody can know it

Task = Literal["support", "summary"]
Message = dict[str, str]


@cache
def _prompts() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(PROMPTS_FILE.read_text(encoding="utf-8"))
    return loaded


def check_version(version: str) -> None:
    """Raise DemoSettingsError where there is no prompt of that version."""
    if version not in _prompts():
        raise DemoSettingsError(f"DEMO_PROMPT_VERSION={version!r}: {PROMPTS_FILE.name} has {', '.join(_prompts())}")


def messages(version: str, task: Task, question: str, articles: Sequence[Article]) -> list[Message]:
    """System prompt, then the numbered articles and the question."""
    passages = "\n\n".join(f"[{number}] {article.title}\n{article.text}" for number, article in enumerate(articles, 1))
    label = "Question" if task == "support" else "Topic"
    return [
        {"role": "system", "content": _prompts()[version][task].format(canary=CANARY)},
        {"role": "user", "content": f"Articles:\n\n{passages}\n\n{label}: {question}"},
    ]
