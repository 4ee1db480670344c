"""Prompts that share a long prefix report cached tokens, as with OpenAI."""

import pytest
from openai import OpenAI
from sim_live import Live, ManualClock

from sim_provider import prefix_cache
from sim_provider.clock import SYSTEM_CLOCK
from sim_provider.prefix_cache import PrefixCache

LONG = "Every workspace has an owner who may invite others. " * 130


def _cached(client: OpenAI, system: str, question: str, model: str = "gpt-4o") -> tuple[int, int]:
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "system", "content": system}, {"role": "user", "content": question}]
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    return answer.usage.prompt_tokens, answer.usage.prompt_tokens_details.cached_tokens or 0


def test_a_shared_prefix_is_cached_in_steps_of_128(start) -> None:
    live = start()
    with live.client() as client:
        tokens, cached = _cached(client, LONG, "Who may invite?")
        assert tokens > 1024
        assert cached == 0
        _, cached = _cached(client, LONG, "And who owns it, by the way?")
        assert cached >= 1024
        assert cached % 128 == 0
        assert cached <= tokens
        assert _cached(client, "Other instructions. " + LONG, "Who may invite?")[1] == 0
        assert _cached(client, LONG, "Who may invite?", model="gpt-4.1")[1] == 0
    assert [entry["cached_tokens"] for entry in live.entries()] == [0, cached, 0, 0]


def test_short_prompts_are_not_cached(client: OpenAI, live: Live) -> None:
    for _ in range(2):
        assert _cached(client, "Be brief.", "Who may invite?")[1] == 0


def test_a_prefix_expires_five_minutes_after_its_last_use() -> None:
    clock = ManualClock()
    cache = PrefixCache(clock.clock)
    tokens = [f"t{number}" for number in range(1300)]
    assert cache.use("m", tokens) == 0
    for _ in range(3):
        clock.now += 299
        assert cache.use("m", tokens) == 1280
    clock.now += 301
    assert cache.use("m", tokens) == 0


def test_the_longest_shared_prefix_counts() -> None:
    cache = PrefixCache(SYSTEM_CLOCK)
    tokens = [f"t{number}" for number in range(2000)]
    cache.use("m", tokens)
    assert cache.use("m", [*tokens[:1160], *["other"] * 500]) == 1152
    assert cache.use("m", tokens[:1024]) == 1024
    assert cache.use("m", tokens[:1023]) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix_cache, "MAX_PREFIXES", 20)
    cache = PrefixCache(SYSTEM_CLOCK)
    for number in range(3):
        cache.use("m", [f"{number} {token}" for token in range(1024 + 128 * 9)])
    assert len(cache._expires) == 20
