"""Every scenario, once: who asks, what breaks when, which alerts must come, and which may as a stated consequence.

To add one, add an entry; `make load SCENARIO=name` runs it. Nothing else may fire. Thresholds are in
dashboards_src/config.py (the rehearsal's column), what a fault does in docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from loadtest.faults import AppFault, Fault, ProviderFault, Stopped
from loadtest.traffic import ANSWER, STREAM, SUMMARISE, Traffic

USUAL: Final = Traffic()


@dataclass(frozen=True)
class Step:
    """What begins `at_s` seconds after the scenario's first fault, and goes on until its end."""

    at_s: float
    what: Fault | Traffic


@dataclass(frozen=True)
class Scenario:
    """One thing that goes wrong."""

    name: str
    about: str  # one line for people
    steps: tuple[Step, ...] = ()
    expected: tuple[str, ...] = ()  # alerts; each must fire, be delivered with working links, and resolve
    tolerated: Mapping[str, str] = field(default_factory=dict)  # alerts that may come too, and why
    traffic: Traffic = USUAL
    seeded: bool = False  # compares with the days before, which have to be written first
    lasts_s: float = 120.0  # longest time from the first fault to the last expected delivery
    quick: bool = False  # among those that `make test` runs

    @property
    def faults(self) -> list[Fault]:
        """What it breaks, in the order of its steps; the last of the same kind counts."""
        return [step.what for step in self.steps if not isinstance(step.what, Traffic)]


def _now(*what: Fault | Traffic) -> tuple[Step, ...]:
    return tuple(Step(0, one) for one in what)


# --- Why an alert may accompany another ------------------------------------------------------------------

_BURNS_ERRORS = "failed requests spend the error budget of availability as well"
_BURNS_LATENCY = "slow answers spend the error budget of latency as well"
_BURNS_TTFT = "late streams spend the error budget of the time to the first token as well"
_FAILS = "what the provider fails in, users do not get"
_SLOWER = "retries and waits are part of an answer's latency"
_BREAKS = "five failures in a row open the breaker"
_FALLS_BACK = "an open breaker, or a retry in vain, sends requests to the fallback model"
_RETRIES = "failures are tried again within the retry budget"
_PROVIDER = "the failing attempts are the provider's"
_WAITS = "slow answers keep their places, so others wait"
_SPENDS = "money that is spent faster spends the budgets"
_DEARER = "each request costs more than on the days before, where those are known"

_ERRORS = {
    "LLMHighErrorRate": _FAILS,
    "LLMAvailabilityBudgetBurn": _BURNS_ERRORS,
}
_SLOW = {
    "LLMLatencyHigh": _SLOWER,
    "LLMLatencyBudgetBurn": _BURNS_LATENCY,
    "LLMTimeToFirstTokenHigh": _SLOWER,
    "LLMTimeToFirstTokenBudgetBurn": _BURNS_TTFT,
    "LLMQueueSaturated": _WAITS,
}
_FAILING_PROVIDER = {
    **_ERRORS,
    **_SLOW,
    "LLMProviderErrorRateHigh": _PROVIDER,
    "LLMRetryStorm": _RETRIES,
    "LLMCircuitBreakerOpen": _BREAKS,
    "LLMFallbackInUse": _FALLS_BACK,
}
_WITHOUT_STORE = {
    "StackStoreNotWritable": "nothing of its signal is delivered while it is down",
    "StackExporterQueueFilling": "what it does not take waits in the collector's queue",
}


def _besides(tolerated: Mapping[str, str], *expected: str) -> dict[str, str]:
    return {name: why for name, why in tolerated.items() if name not in expected}


def _scenario(
    name: str, about: str, steps: tuple[Step, ...], *expected: str, also: Mapping[str, str], **more: object
) -> Scenario:
    return Scenario(name, about, steps, expected, _besides(also, *expected), **more)  # type: ignore[arg-type]


SCENARIOS: Final = (
    Scenario("baseline", "usual traffic and nothing wrong: no alert may come", lasts_s=60, quick=True),
    _scenario(
        "latency",
        "the provider takes three times as long",
        _now(ProviderFault("latency", parameters={"multiplier": 3})),
        "LLMLatencyHigh",
        also=_SLOW | {"LLMRetrievalSlow": "the question's embedding comes from the same provider"},
        quick=True,
    ),
    _scenario(
        "ttft",
        "streams begin 1.2 s later, answers are whole in time",
        _now(
            ProviderFault("ttft", model="gpt-4o", parameters={"added_ms": 1200}),
            replace(USUAL, mix={ANSWER: 0.2, STREAM: 0.7, SUMMARISE: 0.1}),
        ),
        "LLMTimeToFirstTokenHigh",
        also={"LLMTimeToFirstTokenBudgetBurn": _BURNS_TTFT},
    ),
    _scenario(
        "slow-retrieval",
        "looking up articles takes 900 ms longer",
        _now(AppFault("slow_retrieval", {"added_ms": 900})),
        "LLMRetrievalSlow",
        also={},
        quick=True,
    ),
    _scenario(
        "rate-limit",
        "the provider limits two attempts in three (429)",
        _now(ProviderFault("rate_limit", probability=0.65, parameters={"retry_after_s": 1})),
        "LLMProviderErrorRateHigh",
        "LLMHighErrorRate",
        also=_FAILING_PROVIDER,
        quick=True,
    ),
    _scenario(
        "outage",
        "the provider fails every attempt (503)",
        _now(ProviderFault("server_error", parameters={"status": 503})),
        "LLMHighErrorRate",
        "LLMAvailabilityBudgetBurn",
        "LLMCircuitBreakerOpen",
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "timeouts",
        "half of the attempts are never answered",
        _now(ProviderFault("timeout", probability=0.5)),
        "LLMHighErrorRate",
        also=_FAILING_PROVIDER
        | {"LLMRetrievalSlow": "an embedding that is never answered is waited for, then words decide"},
    ),
    _scenario(
        "fallback",
        "a model is down: its breaker opens, the fallback answers",
        _now(ProviderFault("server_error", model="gpt-4o", parameters={"status": 500})),
        "LLMCircuitBreakerOpen",
        "LLMFallbackInUse",
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "retry-storm",
        "half of the attempts fail, and there is no retry budget",
        _now(
            AppFault("no_retry_budget"), ProviderFault("rate_limit", probability=0.5, parameters={"retry_after_s": 0})
        ),
        "LLMRetryStorm",
        "LLMProviderErrorRateHigh",
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "injections",
        "a third of the questions are prompt injections",
        _now(replace(USUAL, injections=0.35)),
        "LLMSafetyViolations",
        also={},
        quick=True,
    ),
    _scenario(
        "content-filter",
        "the provider's filter breaks off a third of the answers",
        _now(ProviderFault("content_filter", probability=0.35)),
        "LLMSafetyViolations",
        "LLMHighErrorRate",
        also=_ERRORS,
    ),
    _scenario(
        "context",
        "a model with a small window, and prompts that fill it",
        _now(
            replace(USUAL, mix={ANSWER: 0.6, STREAM: 0.4}),  # summaries would not fit at all
            AppFault("other_model", {"model": "gpt-3.5-turbo"}),
            AppFault("long_prompts", {"tokens": 12_400}),
        ),
        "LLMContextNearlyFull",
        also={},
    ),
    _scenario(
        "queue",
        "one generation at a time, and more people who ask",
        _now(
            AppFault("few_workers", {"concurrency": 1}),
            replace(USUAL, rate=11.0, users=260, mix={ANSWER: 0.7, STREAM: 0.2, SUMMARISE: 0.1}),
        ),
        "LLMQueueSaturated",
        also=_SLOW,
    ),
    _scenario(
        "cost-spike",
        "longer prompts and answers: five times the cost an hour",
        _now(AppFault("long_prompts", {"tokens": 15_000}), ProviderFault("verbosity", parameters={"factor": 1.3})),
        "LLMCostSpike",
        also={"LLMCostPerRequestGrowing": _DEARER, "LLMDailyBudget": _SPENDS, "LLMMonthlyBudget": _SPENDS},
        quick=True,
    ),
    _scenario(
        "cost-trend",
        "prompts grow little by little: a third dearer, no limit hit",
        (
            Step(0, AppFault("long_prompts", {"tokens": 500})),
            Step(10, AppFault("long_prompts", {"tokens": 1_500})),
            Step(20, AppFault("long_prompts", {"tokens": 3_000})),
        ),
        "LLMCostPerRequestGrowing",
        also={},
        seeded=True,
    ),
    _scenario(
        "budget",
        "very long prompts: a day's money is gone",
        _now(AppFault("long_prompts", {"tokens": 50_000})),
        "LLMDailyBudget",
        "LLMMonthlyBudget",
        also={"LLMCostSpike": _SPENDS, "LLMCostPerRequestGrowing": _DEARER},
    ),
    _scenario(
        "cache",
        "the answer cache finds nothing any more",
        _now(AppFault("no_cache")),
        "LLMCacheHitRateCollapsed",
        also={},
        seeded=True,
        traffic=replace(USUAL, repeats=0.6),
    ),
    _scenario(
        "unpriced",
        "one request in ten goes to a model without a price",
        _now(AppFault("other_model", {"model": "acme-experimental-1", "share": 0.1})),
        "LLMModelUnpriced",
        also={"LLMTimeToFirstTokenHigh": "that model is slower to begin"},
        quick=True,
    ),
    _scenario(
        "deployment",
        "a new prompt: slower, longer, dearer, and often of no use",
        (
            Step(0, AppFault("deployment", {"prompt_version": "v2"})),
            Step(2, ProviderFault("latency", parameters={"multiplier": 2})),
            Step(2, ProviderFault("verbosity", parameters={"factor": 4})),
            Step(2, ProviderFault("empty_answer", probability=0.4)),
        ),
        "LLMHighErrorRate",
        "LLMLatencyHigh",
        "LLMCostPerRequestGrowing",
        also=_ERRORS
        | _SLOW
        | {"LLMRetryStorm": _RETRIES, "LLMFallbackInUse": _FALLS_BACK}
        | {"LLMCacheHitRateCollapsed": "answers to the old prompt are none to the new one"},
        seeded=True,
    ),
    _scenario(
        "collector-down",
        "the collector is stopped: no telemetry of applications arrives",
        _now(Stopped("collector")),
        "StackCollectorDown",
        also={
            "StackTelemetryDropped": "an application's queue is smaller than the outage",
            "StackApplicationsAbsent": "nobody carries the applications' metrics; it is not delivered",
        },
        quick=True,
    ),
    _scenario("logs-down", "the log store is stopped", _now(Stopped("logs")), "StackTargetDown", also=_WITHOUT_STORE),
    _scenario(
        "traces-down", "the trace store is stopped", _now(Stopped("traces")), "StackTargetDown", also=_WITHOUT_STORE
    ),
    _scenario(
        "prometheus-down",
        "Prometheus is stopped: only the sink can say so",
        _now(Stopped("metrics")),
        "StackWatchdogSilent",
        also={
            "StackExporterQueueFilling": "metrics wait in the collector's queue, and it is seen once Prometheus is back"
        },
    ),
)

BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
