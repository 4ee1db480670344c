"""How soon an alert could have fired at best: what its expression says of what the users and the provider saw.

The rules read counters that are scraped, batched and evaluated in steps. Here the same windows and limits
(dashboards_src/config.py) are applied to every single request, by its own time, as its user or the
provider's ledger noted it: the first moment at which the condition holds is when the expression itself
crosses. The bound on top of it is what the way to the receiver takes at most:

    crossing + scrape interval + the collector's batch + evaluation interval + `for` + group_wait

What is later than that is overshoot: queues, retries, rates that were extrapolated, a busy machine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

from alert_sink.settings import SinkSettings
from alert_sink.watchdog import SILENT
from dashboards_src import config, promql
from dashboards_src.alerts import alerts_at
from dashboards_src.config import PerScale, Scale
from demo_app.settings import DemoSettings
from llm_telemetry import names
from llm_telemetry.prices import Prices
from loadtest.events import Request
from loadtest.traffic import STREAM
from stack.render import TIMINGS

BATCH_S: Final = 0.2  # flush_timeout in otel-collector/config.yaml
_STEP_S: Final = 0.1  # of the search for the crossing


@dataclass(frozen=True)
class Attempt:
    """One call as the provider served it (an entry of its ledger). Times are Unix seconds."""

    finished: float
    model: str
    outcome: str
    trace_id: str
    started: float
    cost: float = 0.0  # US dollars


@dataclass(frozen=True)
class Seen:
    """All that was seen of a scenario, and of the usual traffic before it."""

    requests: Sequence[Request]
    attempts: Sequence[Attempt]
    began: float  # Unix s of the first fault
    until: float  # Unix s at which the search ends
    workers: int | None = None  # generations at a time, per endpoint, where the scenario changed that
    scale: Scale = "rehearsal"
    prices: Prices = field(default_factory=Prices, compare=False)

    @cached_property
    def usual(self) -> Sequence[Request]:
        """The requests before the first fault."""
        return [one for one in self.requests if one.finished < self.began]

    @cached_property
    def billed(self) -> Mapping[str, float]:
        """US dollars by trace id, of all attempts."""
        found: defaultdict[str, float] = defaultdict(float)
        for attempt in self.attempts:
            found[attempt.trace_id] += attempt.cost
        return found

    def window_s(self, window: PerScale[str]) -> int:
        """Seconds of one of the config's windows."""
        return promql.seconds(window.at(self.scale))


# Whether it holds at a time (Unix s).
Condition = Callable[[float], bool]


class Window:
    """Numbers by time, summed up over the `length_s` before a moment."""

    def __init__(self, items: Iterable[tuple[float, float]], length_s: float) -> None:
        ordered = sorted(items)
        self._times = [time for time, _ in ordered]
        self._sums = [0.0]
        for _, value in ordered:
            self._sums.append(self._sums[-1] + value)
        self._length_s = length_s

    def sum(self, at: float) -> float:
        """Over (at - length, at]."""
        first, last = bisect_right(self._times, at - self._length_s), bisect_right(self._times, at)
        return self._sums[last] - self._sums[first]


def crossing(alert: str, seen: Seen) -> float | None:
    """Unix s at which the alert's expression first held for what was seen; None if it never did, or cannot be told."""
    if alert in _AT_ONCE:
        return seen.began
    if alert not in _CONDITIONS:
        return None
    conditions = list(_CONDITIONS[alert](seen))
    at = seen.began
    while at <= seen.until:
        if any(holds(at) for holds in conditions):
            return at
        at += _STEP_S
    return None


def way_s(alert: str, scale: Scale) -> float:
    """Seconds that the way from a crossing to the receiver takes at most."""
    timing = TIMINGS[scale]
    rule = next((rule for rule in alerts_at(scale) if rule.name == alert), None)
    if rule is None:
        # The sink's own alarm. Alertmanager keeps the last watchdog for 4 evaluations and says it again for so
        # long; then the sink waits for its silence, and looks every second.
        return 4 * timing.interval_s + timing.watchdog_interval_s + SinkSettings.silence_s + 1
    # One scrape and one evaluation at most, which have the same interval.
    return 2 * timing.interval_s + BATCH_S + promql.seconds(rule.for_.at(scale)) + timing.group_wait_s


# Servers that are stopped: `up` is 0, or nothing arrives, from the first scrape on.
_AT_ONCE: Final = ("StackCollectorDown", "StackTargetDown", SILENT)


def _by_endpoint(requests: Iterable[Request]) -> Mapping[str, list[Request]]:
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        found[request.endpoint].append(request)
    return found


def _share_above(
    pairs: Mapping[Any, list[tuple[float, bool]]], length_s: float, limit: float, least: float
) -> Iterable[Condition]:
    """A condition per key: more than `limit` of at least `least` items are hit."""
    for items in pairs.values():
        count = Window(((time, 1.0) for time, _ in items), length_s)
        hit = Window(((time, float(is_hit)) for time, is_hit in items), length_s)

        def holds(at: float, count: Window = count, hit: Window = hit) -> bool:
            number = count.sum(at)
            return number >= least and hit.sum(at) > limit * number

        yield holds


def _errors(seen: Seen) -> Iterable[Condition]:
    pairs = {
        endpoint: [(one.finished, bool(one.error)) for one in found if one.generation]
        for endpoint, found in _by_endpoint(seen.requests).items()
    }
    return _share_above(pairs, seen.window_s(config.RATE), config.ERROR_RATE, config.LEAST_REQUESTS)


def _burning_errors(seen: Seen) -> Iterable[Condition]:
    """The fastest pair of windows of the availability objective."""
    [slo] = [slo for slo in config.SLOS if slo.name == "availability"]
    burn = config.BURNS[0]
    limit = burn.factor.at(seen.scale) / slo.allowed
    for found in _by_endpoint(seen.requests).values():
        items = [(one.finished, bool(one.error)) for one in found if one.generation]
        both = [
            next(iter(_share_above({0: items}, seen.window_s(window), limit, least)))
            for window, least in ((burn.long, config.LEAST_EVENTS), (burn.short, 1))
        ]

        def holds(at: float, both: list[Condition] = both) -> bool:
            return all(one(at) for one in both)

        yield holds


def _slow(fact: str, limit_ms: float, only: str = "") -> Callable[[Seen], Iterable[Condition]]:
    """The p95 of a latency exceeds a bucket's edge when 1 in 20 is beyond it."""

    def conditions(seen: Seen) -> Iterable[Condition]:
        pairs = {
            endpoint: [
                (one.finished, one.facts[fact] > limit_ms)
                for one in found
                if one.generation and one.facts.get(fact) is not None
            ]
            for endpoint, found in _by_endpoint(seen.requests).items()
            if not only or endpoint == only
        }
        return _share_above(pairs, seen.window_s(config.RATE), 0.05, config.LEAST_REQUESTS)

    return conditions


def _full_context(seen: Seen) -> Iterable[Condition]:
    def use(one: Request) -> float:
        window = seen.prices.context_window(one.facts["model"])
        return float(one.facts["usage"]["input_tokens"]) / window if window else 0.0

    pairs = {
        endpoint: [
            (one.finished, use(one) > config.CONTEXT_P95) for one in found if one.facts.get("usage") and not one.cached
        ]
        for endpoint, found in _by_endpoint(seen.requests).items()
    }
    return _share_above(pairs, seen.window_s(config.RATE), 0.05, config.LEAST_REQUESTS)


def _queue(seen: Seen) -> Iterable[Condition]:
    """Places taken, averaged: those who were let in and have no answer yet, less those who are being answered."""
    length_s, workers = seen.window_s(config.FLAP), seen.workers or 1
    for found in _by_endpoint(seen.requests).values():
        inside = [one for one in found if one.generation]
        starts, ends = sorted(one.started for one in inside), sorted(one.finished for one in inside)

        def holds(at: float, starts: list[float] = starts, ends: list[float] = ends) -> bool:
            moments = [at - length_s + _STEP_S * 5 * step for step in range(1, int(length_s / _STEP_S / 5) + 1)]
            waiting = [max(0, bisect_right(starts, one) - bisect_left(ends, one) - workers) for one in moments]
            return sum(waiting) / len(waiting) > config.QUEUE_USE * DemoSettings.queue_capacity

        yield holds


def _violations(seen: Seen) -> Iterable[Condition]:
    for found in _by_endpoint(seen.requests).values():
        incoming = Window(((one.finished, 1.0) for one in found), seen.window_s(config.RATE))
        for hit in (
            [one.finished for one in found if one.injection and one.error == "bad_input"],
            [one.finished for one in found if one.error == "content_filter"],
        ):
            cases = Window(((time, 1.0) for time in hit), seen.window_s(config.RATE))

            def holds(at: float, cases: Window = cases, incoming: Window = incoming) -> bool:
                number = cases.sum(at)
                return number >= config.LEAST_VIOLATIONS and number > config.VIOLATIONS_SHARE * incoming.sum(at)

            yield holds


def _cost(one: Request, seen: Seen) -> float:
    """As the application says; of a request without an answer, what its attempts cost all the same."""
    said = one.facts.get("cost_usd")
    return seen.billed.get(one.facts.get("trace_id", ""), 0.0) if said is None else float(said)


def _cost_per_hour(seen: Seen) -> Iterable[Condition]:
    length_s = seen.window_s(config.RATE)
    return _spent_over(seen, length_s, config.COST_PER_HOUR.at(seen.scale) / 3600 * length_s)


def _budget(window: PerScale[str], budget: PerScale[int]) -> Callable[[Seen], Iterable[Condition]]:
    def conditions(seen: Seen) -> Iterable[Condition]:
        return _spent_over(seen, seen.window_s(window), budget.at(seen.scale) * config.BUDGET_WARNING)

    return conditions


def _spent_over(seen: Seen, length_s: float, limit: float) -> Iterable[Condition]:
    """More than `limit` dollars in a window, all requests together."""
    spent = Window(((one.finished, _cost(one, seen)) for one in seen.requests), length_s)
    yield lambda at: spent.sum(at) > limit


def _dearer(seen: Seen) -> Iterable[Condition]:
    usual = _by_endpoint(one for one in seen.usual if one.generation)
    for endpoint, found in _by_endpoint(one for one in seen.requests if one.generation).items():
        if not usual.get(endpoint):
            continue
        before = sum(_cost(one, seen) for one in usual[endpoint]) / len(usual[endpoint])
        spent = Window(((one.finished, _cost(one, seen)) for one in found), seen.window_s(config.TREND))
        count = Window(((one.finished, 1.0) for one in found), seen.window_s(config.TREND))

        def holds(at: float, spent: Window = spent, count: Window = count, before: float = before) -> bool:
            number = count.sum(at)
            return number >= config.LEAST_REQUESTS and spent.sum(at) > number * before * config.COST_PER_REQUEST_GROWTH

        yield holds


def _cache(seen: Seen) -> Iterable[Condition]:
    usual = _by_endpoint(one for one in seen.usual if not one.rejected)
    for endpoint, found in _by_endpoint(one for one in seen.requests if not one.rejected).items():
        before = sum(one.cached for one in usual.get(endpoint, ())) / max(1, len(usual.get(endpoint, ())))
        if before <= config.CACHE_HIT_USUAL_LEAST:
            continue
        hits = Window(((one.finished, float(one.cached)) for one in found), seen.window_s(config.TREND))
        count = Window(((one.finished, 1.0) for one in found), seen.window_s(config.TREND))

        def holds(at: float, hits: Window = hits, count: Window = count, before: float = before) -> bool:
            number = count.sum(at)
            return number >= config.LEAST_REQUESTS and hits.sum(at) < number * before * config.CACHE_HIT_LEFT

        yield holds


def _unpriced(seen: Seen) -> Iterable[Condition]:
    first = min((one.finished for one in seen.requests if one.facts.get("cost_source") == "unpriced"), default=None)
    if first is not None:
        yield partial(_since, first)


def _provider_errors(seen: Seen) -> Iterable[Condition]:
    by_model: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for attempt in seen.attempts:
        by_model[attempt.model].append((attempt.finished, attempt.outcome in config.PROVIDER_FAULTS))
    return _share_above(by_model, seen.window_s(config.RATE), config.PROVIDER_ERROR_RATE, config.LEAST_ATTEMPTS)


def _retries(seen: Seen) -> Iterable[Condition]:
    by_model: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    before: set[tuple[str, str]] = set()
    for attempt in sorted(seen.attempts, key=lambda one: one.started):
        key = (attempt.trace_id, attempt.model)
        by_model[attempt.model].append((attempt.finished, key in before))
        before.add(key)
    return _share_above(by_model, seen.window_s(config.RATE), config.RETRY_SHARE, config.LEAST_ATTEMPTS)


def _breaker(seen: Seen) -> Iterable[Condition]:
    """The fifth failure in a row at one model (DemoSettings.breaker_failures)."""
    in_a_row: defaultdict[str, int] = defaultdict(int)
    for attempt in sorted(seen.attempts, key=lambda one: one.finished):
        failed = attempt.outcome in _BREAKING
        in_a_row[attempt.model] = in_a_row[attempt.model] + 1 if failed else 0
        if in_a_row[attempt.model] == DemoSettings.breaker_failures:
            yield partial(_since, attempt.finished)


def _since(moment: float, at: float) -> bool:
    return at >= moment


_BREAKING: Final = (names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION)


def _fallbacks(seen: Seen) -> Iterable[Condition]:
    moved = Window(
        ((one.finished, 1.0) for one in seen.requests if one.facts.get("fallback_from")), seen.window_s(config.RATE)
    )
    yield lambda at: moved.sum(at) >= config.LEAST_FALLBACKS


_CONDITIONS: Final[Mapping[str, Callable[[Seen], Iterable[Condition]]]] = {
    "LLMHighErrorRate": _errors,
    "LLMAvailabilityBudgetBurn": _burning_errors,
    "LLMLatencyHigh": _slow("latency_ms", config.LATENCY_P95_MS),
    "LLMTimeToFirstTokenHigh": _slow("ttft_ms", config.TTFT_P95_MS, STREAM),
    "LLMRetrievalSlow": _slow("retrieval_ms", config.RETRIEVAL_P95_MS),
    "LLMContextNearlyFull": _full_context,
    "LLMQueueSaturated": _queue,
    "LLMSafetyViolations": _violations,
    "LLMCacheHitRateCollapsed": _cache,
    "LLMCostSpike": _cost_per_hour,
    "LLMCostPerRequestGrowing": _dearer,
    "LLMDailyBudget": _budget(config.DAY, config.DAILY_BUDGET),
    "LLMMonthlyBudget": _budget(config.MONTH, config.MONTHLY_BUDGET),
    "LLMModelUnpriced": _unpriced,
    "LLMProviderErrorRateHigh": _provider_errors,
    "LLMRetryStorm": _retries,
    "LLMCircuitBreakerOpen": _breaker,
    "LLMFallbackInUse": _fallbacks,
}
