"""The retry budget allows one retry for five requests, and saves a limited number of them."""

from __future__ import annotations

import pytest

from demo_app.retry_budget import MAX_BALANCE, RetryBudget


def test_five_requests_allow_one_retry() -> None:
    budget = RetryBudget()
    for _ in range(4):
        budget.add_request()
        assert not budget.withdraw()
    budget.add_request()
    assert budget.withdraw()
    assert not budget.withdraw()


@pytest.mark.parametrize("requests", [1, 99, 1_000, 10_007])
def test_an_outage_causes_a_fifth_more_attempts(requests: int) -> None:
    budget, second = RetryBudget(), 0
    for _ in range(requests):
        budget.add_request()
        while budget.withdraw():
            second += 1
    assert requests * 0.2 - 1 <= second <= requests * 0.2


def test_saved_retries_are_limited() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.add_request()
    assert sum(budget.withdraw() for _ in range(100)) == MAX_BALANCE
