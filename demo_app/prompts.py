"""Messages for the model: a versioned prompt, the retrieved articles and the question."""

import re
import secrets
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

import yaml

from demo_app.articles import Article
from demo_app.settings import DemoSettingsError

PROMPTS_FILE = Path(__file__).with_name("prompts.yaml")
CANARY = f"ref-{secrets.token_hex(6)}"  # new in every process, so that nobody knows it

# The text of an earlier conversation in a prompt; repeated as often as needed.
_EARLIER_TURNS = (
    "Customer: the door of our locker does not open, and the light on the hub is red. What can we do? "
    "Agent: thank you for telling us. Is the hub still on the same network as last week? "
    "Customer: yes, it is. We did not change a thing, it was fine on Monday and then it went red. "
    "Agent: please hold the small key on the back for ten seconds, then wait until the light is green. "
    "Customer: done, but the light is still red, and there are parcels in it that people ask for. "
    "Agent: I see. Then let us look at the cable first, and after that at the power supply. "
)
_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")  # about one token each, as the words are short and common

Task = Literal["support", "summary"]
Message = dict[str, str]


@cache
def _prompts() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(PROMPTS_FILE.read_text(encoding="utf-8"))
    return loaded


def versions() -> tuple[str, ...]:
    return tuple(_prompts())


def check_version(version: str) -> None:
    if version not in versions():
        raise DemoSettingsError(f"DEMO_PROMPT_VERSION={version!r}: {PROMPTS_FILE.name} has {', '.join(versions())}")


def messages(
    version: str, task: Task, question: str, articles: Sequence[Article], history_tokens: int = 0
) -> list[Message]:
    """System prompt, an earlier conversation of about `history_tokens`, then the numbered articles and the question."""
    passages = "\n\n".join(f"[{number}] {article.title}\n{article.text}" for number, article in enumerate(articles, 1))
    label = "Question" if task == "support" else "Topic"
    # Each conversation has its own number, so that the provider's prompt cache does not make it cheap.
    earlier = f"Conversation {secrets.randbelow(10**9):09} so far:\n{_history(history_tokens)}"
    return [
        {"role": "system", "content": _prompts()[version][task].format(canary=CANARY)},
        *([{"role": "assistant", "content": earlier}] if history_tokens else []),
        {"role": "user", "content": f"Articles:\n\n{passages}\n\n{label}: {question}"},
    ]


@lru_cache(maxsize=4)
def _history(tokens: int) -> str:
    turns = _EARLIER_TURNS * (tokens // len(_WORD_OR_MARK.findall(_EARLIER_TURNS)) + 1)
    return turns[: next(islice(_WORD_OR_MARK.finditer(turns), tokens, None)).start()]
