"""A budget for second attempts, so that an outage is not answered with more traffic."""

from __future__ import annotations

# Second attempts (retries and fallbacks after an attempt) per request: attempts stay <= 1.2 x requests.
SHARE = 0.2
# Unused shares that are kept for a bad moment.
MOST_KEPT = 10.0


class RetryBudget:
    """Every request pays in a share of an attempt, every second attempt takes one out. It starts empty."""

    def __init__(self) -> None:
        self._balance = 0.0

    def request(self) -> None:
        """A request pays in."""
        self._balance = min(self._balance + SHARE, MOST_KEPT)

    def withdraw(self) -> bool:
        """Whether a second attempt may be made; it is then taken out of the budget."""
        if self._balance < 1 - 1e-9:  # five shares of 0.2 are an attempt, whatever floats make of them
            return False
        self._balance -= 1
        return True
