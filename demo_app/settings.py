"""Settings of the demo application, from the environment."""

import math
import os
import random
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

PREFIX = "DEMO_"
# Settings that must be at least 1. For other numbers, 0 is allowed.
_AT_LEAST_ONE = ("concurrency", "top_k", "summary_top_k", "max_output_tokens", "max_attempts", "breaker_failures",
                 "cache_size")  # fmt: skip


class DemoSettingsError(ValueError):
    """An environment variable has an invalid value. The message names both."""


@dataclass(frozen=True)
class DemoSettings:
    """Settings. The environment variable of each is `DEMO_` and its name in capitals.

    The OpenAI client reads the provider's address and key from OPENAI_BASE_URL and OPENAI_API_KEY. With the address
    and key of a real provider, the application calls the real provider.
    """

    provider: str = "openai"  # gen_ai.provider.name
    model: str = "gpt-4o"
    fallback_model: str = "gpt-4o-mini"
    embedding_model: str = "text-embedding-3-small"
    embedding_dimensions: int = 0  # 0: the model's own
    other_model: str = ""  # replaces `model` for `other_model_share` of the generations
    other_model_share: float = 0.0  # from 0 to 1
    prompt_version: str = "v1"
    version: str = version("llm-observability-stack")  # of the application, for llm_build_info
    data_dir: Path = field(default_factory=lambda: Path(".state/demo_app"))

    concurrency: int = 16  # generations that run at a time, per endpoint
    queue_capacity: int = 32  # generations that wait at most, per endpoint
    top_k: int = 4  # articles in the prompt of a support answer
    summary_top_k: int = 24  # articles in the prompt of a summary: about 8,000 tokens
    added_retrieval_ms: float = 0.0  # added to the duration of every retrieval
    history_tokens: int = 0  # about how many tokens of an earlier conversation a prompt contains

    connect_timeout_s: float = 2.0
    read_timeout_s: float = 10.0  # longest pause of the provider, before an answer and within a stream
    attempt_timeout_s: float = 30.0  # one whole attempt; for a stream until its first text
    max_output_tokens: int = 800
    max_attempts: int = 3  # at one model
    longest_retry_wait_s: float = 5.0  # a longer Retry-After is not waited for
    retry_budget: bool = True  # off: every failure is retried, which allows retry storms

    breaker_failures: int = 5  # failed calls in a row that open the circuit breaker
    breaker_open_s: float = 15.0

    cache: bool = True  # off: every look-up is a miss
    cache_ttl_s: float = 300.0
    cache_size: int = 1_000

    admin_token: str = field(default="", repr=False)  # of /admin; without it, /admin answers loopback clients only

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings. Raises DemoSettingsError: a value is invalid."""
        return cls(**{item.name: value for item in fields(cls) if (value := _read(cls, item.name)) is not None})

    def for_one_question(self) -> Self:
        """The settings for one question: `model` is the other model for `other_model_share` of the questions."""
        if random.random() < self.other_model_share:  # noqa: S311 - not a secret
            return replace(self, model=self.other_model)
        return self


def _read(settings: type[DemoSettings], name: str) -> Any:
    variable = PREFIX + name.upper()
    text = os.environ.get(variable)
    if not text:
        return None
    default = getattr(settings, name, Path())
    lowest = 1 if name in _AT_LEAST_ONE else 0
    try:
        if isinstance(default, bool):
            return _switch(text)
        if isinstance(default, int | float):
            number = type(default)(text)
            if not lowest <= number < math.inf:
                raise ValueError("out of range")
            return number
        return Path(text) if isinstance(default, Path) else text
    except ValueError as error:
        kind = "on or off" if isinstance(default, bool) else f"a number >= {lowest} such as {default}"
        raise DemoSettingsError(f"{variable}={text!r} is invalid: it must be {kind}") from error


def _switch(text: str) -> bool:
    if text.lower() in ("on", "true", "1", "yes"):
        return True
    if text.lower() in ("off", "false", "0", "no"):
        return False
    raise ValueError(text)
