"""Gauges that are computed when Prometheus asks: active users, breaker states, recent scores."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from llm_telemetry import names

ACTIVE_USER_WINDOW_S = 300
SCORE_WINDOW_S = 3600
SCORE_SAMPLES = 50
# Distinct users kept between two scrapes before old ones are looked for: 100 bytes each.
_PRUNE_ABOVE = 10_000

Clock = Callable[[], float]


class ActiveUsers:
    """Distinct users of the last 5 minutes, per endpoint and over all."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], float] = {}  # (endpoint, hashed user) -> last seen
        self._lock = threading.Lock()
        self._prune_above = _PRUNE_ABOVE

    def saw(self, endpoint: str, user: str) -> None:
        """`user` (hashed) used `endpoint` now."""
        with self._lock:
            self._seen[endpoint, user] = self._clock()
            if len(self._seen) > self._prune_above:
                self._prune()
                self._prune_above = max(_PRUNE_ABOVE, 2 * len(self._seen))

    def counts(self) -> dict[str, int]:
        """Distinct users by endpoint, with `all` de-duplicated over endpoints."""
        with self._lock:
            self._prune()
            pairs = list(self._seen)
        users: dict[str, set[str]] = {names.ALL_ENDPOINTS: set()}
        for endpoint, user in pairs:
            users.setdefault(endpoint, set()).add(user)
            users[names.ALL_ENDPOINTS].add(user)
        return {endpoint: len(members) for endpoint, members in users.items()}

    def _prune(self) -> None:
        oldest = self._clock() - ACTIVE_USER_WINDOW_S
        self._seen = {key: seen for key, seen in self._seen.items() if seen >= oldest}


class RecentScores:
    """Mean of at most 50 newest scores of the last hour; nothing where there are none."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._samples: dict[tuple[str, str, str], deque[tuple[float, float]]] = {}
        self._lock = threading.Lock()

    def add(self, metric: str, endpoint: str, model: str, score: float) -> None:
        """Add one score (0 to 1) of `metric` (`faithfulness` or `answer_relevance`)."""
        with self._lock:
            key = (metric, endpoint, model)
            self._samples.setdefault(key, deque(maxlen=SCORE_SAMPLES)).append((self._clock(), score))

    def means(self, metric: str) -> dict[tuple[str, str], float]:
        """Means of `metric` by (endpoint, model)."""
        oldest = self._clock() - SCORE_WINDOW_S
        with self._lock:
            recent = {
                (endpoint, model): [score for at, score in samples if at >= oldest]
                for (kind, endpoint, model), samples in self._samples.items()
                if kind == metric
            }
        return {key: sum(scores) / len(scores) for key, scores in recent.items() if scores}


class LiveGauges(Collector):
    """What prometheus_client asks at each scrape."""

    def __init__(self, service: str, endpoints: tuple[str, ...]) -> None:
        self.service = service
        self.users = ActiveUsers()
        self.scores = RecentScores()
        self.breakers: dict[tuple[str, str], Callable[[], int]] = {}  # (provider, model) -> state
        self._endpoints = endpoints

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Names only: prometheus_client calls this on registration instead of `collect`."""
        for metric in (names.ACTIVE_USERS, names.BREAKER_STATE, names.FAITHFULNESS_SCORE, names.ANSWER_RELEVANCE_SCORE):
            yield self._family(metric)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The values of this moment."""
        users = self._family(names.ACTIVE_USERS)
        for endpoint, count in {**dict.fromkeys(self._endpoints, 0), **self.users.counts()}.items():
            users.add_metric((self.service, endpoint), count)
        yield users
        breakers = self._family(names.BREAKER_STATE)
        for key, state in list(self.breakers.items()):
            with suppress(Exception):  # an application's callback: its series is missing, the others are not
                breakers.add_metric((self.service, *key), state())
        yield breakers
        for metric, gauge in (
            (names.FAITHFULNESS, names.FAITHFULNESS_SCORE),
            (names.ANSWER_RELEVANCE, names.ANSWER_RELEVANCE_SCORE),
        ):
            scores = self._family(gauge)
            for key, mean in self.scores.means(metric).items():
                scores.add_metric((self.service, *key), mean)
            yield scores

    @staticmethod
    def _family(metric: names.Metric) -> GaugeMetricFamily:
        return GaugeMetricFamily(metric.name, metric.help, labels=(names.SERVICE_LABEL, *metric.labels))
