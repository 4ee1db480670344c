"""A budget for retries and fallbacks, so that they do not multiply traffic during an outage."""

# Further attempts (retries, and fallbacks after an attempt) per request: attempts stay below 1.2 x requests.
ATTEMPTS_PER_REQUEST = 0.2
# Maximum number of further attempts that unused requests add up to.
MAX_BALANCE = 10.0


class RetryBudget:
    """Each request adds ATTEMPTS_PER_REQUEST attempts, each further attempt takes one. The budget starts empty."""

    def __init__(self) -> None:
        self._balance = 0.0

    def add_request(self) -> None:
        self._balance = min(self._balance + ATTEMPTS_PER_REQUEST, MAX_BALANCE)

    def withdraw(self) -> bool:
        """Take one further attempt out of the budget. Returns False if there is none."""
        if self._balance < 1 - 1e-9:  # five times 0.2 must be one attempt in spite of rounding
            return False
        self._balance -= 1
        return True
