"""poll_until waits for an accepted answer, names the last answer, and continues after a StoreError."""

from __future__ import annotations

import pytest

from stores import PollTimeout, StoreError, poll_until


def test_poll_until_returns_the_accepted_answer() -> None:
    answers = iter([[], [], [1], [1, 2]])
    assert poll_until(lambda: next(answers), every_s=0.001) == [1]
    assert poll_until(lambda: next(answers), lambda found: len(found) == 2, every_s=0.001) == [1, 2]


def test_a_timeout_names_the_last_answer() -> None:
    with pytest.raises(PollTimeout, match=r"not within 0.01 s; seen last: \[3\]") as caught:
        poll_until(lambda: [3], lambda found: len(found) > 1, timeout_s=0.01, every_s=0.001)
    assert caught.value.last == [3]


def test_poll_until_continues_after_a_store_error() -> None:
    away = StoreError("loki", "http://l", "is away")
    answers = iter([away, away, 7])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    assert poll_until(ask, every_s=0.001) == 7

    def never() -> int:
        raise away

    with pytest.raises(PollTimeout, match="seen last: loki is away"):
        poll_until(never, timeout_s=0.01, every_s=0.001)
