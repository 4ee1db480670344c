"""The answer cache keeps the newest answers for a limited time, by question and tenant."""

from __future__ import annotations

import pytest

from demo_app.answer_cache import AnswerCache, CachedAnswer


def test_answers_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CachedAnswer("Yes.", (), "gpt-4o")
    cache = AnswerCache(10, ttl_s=0)
    cache.put(answer, "Why?", "acme")
    assert cache.get("Why?", "acme") is None
    cache = AnswerCache(10, ttl_s=60)
    cache.put(answer, "Why?", "acme")
    assert cache.get(" WHY?", "acme") is answer
    assert cache.get("Why?", "globex") is None


def test_a_full_cache_keeps_the_newest_answers() -> None:
    cache = AnswerCache(2, ttl_s=60)
    for number in range(3):
        cache.put(CachedAnswer(str(number), (), "m"), str(number))
    assert [bool(cache.get(str(number))) for number in range(3)] == [False, True, True]
