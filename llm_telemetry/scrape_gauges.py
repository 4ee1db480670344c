"""Gauges that are computed at each scrape: active users, circuit breaker states, recent evaluation scores."""

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
# Users kept between two scrapes before expired users are removed. One user takes about 100 bytes.
_PRUNE_ABOVE = 10_000

Clock = Callable[[], float]  # seconds, monotonic


class ActiveUsers:
    """Counts the distinct users of the last ACTIVE_USER_WINDOW_S seconds, per endpoint and over all endpoints."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._last_seen: dict[tuple[str, str], float] = {}  # by (endpoint, hashed user)
        self._lock = threading.Lock()
        self._prune_above = _PRUNE_ABOVE

    def add(self, endpoint: str, user: str) -> None:
        with self._lock:
            self._last_seen[endpoint, user] = self._clock()
            if len(self._last_seen) > self._prune_above:
                self._prune()
                self._prune_above = max(_PRUNE_ABOVE, 2 * len(self._last_seen))

    def counts(self) -> dict[str, int]:
        """Distinct users by endpoint. Under names.ALL_ENDPOINTS, a user of several endpoints counts once."""
        with self._lock:
            self._prune()
            pairs = list(self._last_seen)
        users: dict[str, set[str]] = {names.ALL_ENDPOINTS: set()}
        for endpoint, user in pairs:
            users.setdefault(endpoint, set()).add(user)
            users[names.ALL_ENDPOINTS].add(user)
        return {endpoint: len(members) for endpoint, members in users.items()}

    def _prune(self) -> None:
        oldest = self._clock() - ACTIVE_USER_WINDOW_S
        self._last_seen = {key: seen for key, seen in self._last_seen.items() if seen >= oldest}


class RecentScores:
    """Means of the newest SCORE_SAMPLES scores that are at most SCORE_WINDOW_S seconds old."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._samples: dict[tuple[str, str, str], deque[tuple[float, float]]] = {}
        self._lock = threading.Lock()

    def add(self, metric: str, endpoint: str, model: str, score: float) -> None:
        with self._lock:
            key = (metric, endpoint, model)
            self._samples.setdefault(key, deque(maxlen=SCORE_SAMPLES)).append((self._clock(), score))

    def means(self, metric: str) -> dict[tuple[str, str], float]:
        """Means of `metric` by (endpoint, model). A pair without recent scores is left out."""
        oldest = self._clock() - SCORE_WINDOW_S
        with self._lock:
            recent = {
                (endpoint, model): [score for at, score in samples if at >= oldest]
                for (kind, endpoint, model), samples in self._samples.items()
                if kind == metric
            }
        return {key: sum(scores) / len(scores) for key, scores in recent.items() if scores}


class ScrapeGauges(Collector):
    def __init__(self, service: str, endpoints: tuple[str, ...]) -> None:
        """`endpoints` are reported with 0 active users until they have some."""
        self.service = service
        self.users = ActiveUsers()
        self.scores = RecentScores()
        self.breakers: dict[tuple[str, str], Callable[[], int]] = {}  # (provider, model) -> function for the state
        self._endpoints = endpoints

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families without samples: prometheus_client calls this, not `collect`, when it registers."""
        for metric in (names.ACTIVE_USERS, names.BREAKER_STATE, names.FAITHFULNESS_SCORE, names.ANSWER_RELEVANCE_SCORE):
            yield self._family(metric)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        users = self._family(names.ACTIVE_USERS)
        for endpoint, count in {**dict.fromkeys(self._endpoints, 0), **self.users.counts()}.items():
            users.add_metric((self.service, endpoint), count)
        yield users
        breakers = self._family(names.BREAKER_STATE)
        for key, state in list(self.breakers.items()):
            with suppress(Exception):  # the application's function raised: leave out this series only
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
