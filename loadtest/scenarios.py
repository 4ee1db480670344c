"""Every load scenario: the traffic, what breaks and when, and which alerts must or may fire.

To add a scenario, add an entry here and its name to `scenarios` of the alerts that it must raise
(dashboards_src/alerts). Run it with `make load SCENARIO=name`. No other alert may fire. Thresholds are in
dashboards_src/config.py (the rehearsal column); docs/faults.md and docs/sim-provider.md describe the faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from alert_sink.watchdog import SILENT
from dashboards_src.alerts import alerts_at
from loadtest.faults import AppFault, Fault, ProviderFault, StoppedServer
from loadtest.traffic import ANSWER, STREAM, SUMMARISE, Traffic

USUAL: Final = Traffic()


@dataclass(frozen=True)
class ScenarioStep:
    """A fault or a change of traffic. It lasts until the end of the scenario."""

    at_s: float  # seconds after the scenario's first fault
    change: Fault | Traffic


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str  # one line for people
    steps: tuple[ScenarioStep, ...] = ()
    expected: tuple[str, ...] = ()  # alerts that must fire, arrive with working links, and resolve
    tolerated: Mapping[str, str] = field(default_factory=dict)  # alerts that may fire too, and why
    traffic: Traffic = USUAL
    seeded: bool = False  # rules compare with the days before, which the load test writes first
    lasts_s: float = 120.0  # longest time from the first fault to the last expected delivery
    quick: bool = False  # runs in `make test`

    @property
    def loses_evidence(self) -> bool:
        """Whether the collector is stopped, so that the affected requests leave no log lines and no traces."""
        return StoppedServer("collector") in self.faults

    @property
    def faults(self) -> list[Fault]:
        """In the order of the steps; of several faults with one name the last counts."""
        return [step.change for step in self.steps if not isinstance(step.change, Traffic)]


def _at_once(*changes: Fault | Traffic) -> tuple[ScenarioStep, ...]:
    return tuple(ScenarioStep(0, change) for change in changes)


# --- Why an alert may fire beside the expected ones ----------------------------------------------------

_BURNS_TTFT = "streams that start late also spend the error budget of time to first token"
_SLOWER = "retries and waiting add to latency"
_FALLS_BACK = "an open circuit breaker or failed retries send requests to the fallback model"
_RETRIES = "failed attempts are retried within the retry budget"
_SPENDS = "higher cost spends the budgets faster"
_DEARER = "each request costs more than on the days before, if those are known"

_ERRORS = {
    "LLMHighErrorRate": "requests fail when the provider fails",
    "LLMAvailabilityBudgetBurn": "failed requests also spend the error budget of availability",
}
_SLOW = {
    "LLMLatencyHigh": _SLOWER,
    "LLMLatencyBudgetBurn": "slow answers also spend the error budget of latency",
    "LLMTimeToFirstTokenHigh": _SLOWER,
    "LLMTimeToFirstTokenBudgetBurn": _BURNS_TTFT,
    "LLMQueueSaturated": "slow answers keep their workers busy, so the queue grows",
}
_FAILING_PROVIDER = {
    **_ERRORS,
    **_SLOW,
    "LLMProviderErrorRateHigh": "the provider's attempts fail",
    "LLMRetryStorm": _RETRIES,
    "LLMCircuitBreakerOpen": "five failures in a row open the circuit breaker",
    "LLMFallbackInUse": _FALLS_BACK,
}
_WITHOUT_STORE = {
    "StackStoreNotWritable": "the collector cannot deliver that signal while its store is down",
    "StackExporterQueueFilling": "what the store does not accept waits in the collector's queue",
}


def _scenario(
    name: str, about: str, steps: tuple[ScenarioStep, ...], also: Mapping[str, str] | None = None, **more: object
) -> Scenario:
    """A scenario whose expected alerts are those that name it; `also`: alerts that are tolerated, and why."""
    expected = tuple(dict.fromkeys(alert.name for alert in alerts_at("rehearsal") if name in alert.scenarios))
    tolerated = {alert: why for alert, why in (also or {}).items() if alert not in expected}
    return Scenario(name, about, steps, expected, tolerated, **more)  # type: ignore[arg-type]


SCENARIOS: Final = (
    Scenario("baseline", "usual traffic and no fault: no alert may fire", lasts_s=60, quick=True),
    _scenario(
        "latency",
        "the provider is three times as slow",
        _at_once(ProviderFault("latency", parameters={"multiplier": 3})),
        also=_SLOW | {"LLMRetrievalSlow": "the embedding of the question comes from the same provider"},
        quick=True,
    ),
    _scenario(
        "ttft",
        "streams start 1.2 s later, but end in time",
        _at_once(
            ProviderFault("ttft", model="gpt-4o", parameters={"added_ms": 1200}),
            replace(USUAL, mix={ANSWER: 0.2, STREAM: 0.7, SUMMARISE: 0.1}),
        ),
        also={"LLMTimeToFirstTokenBudgetBurn": _BURNS_TTFT},
    ),
    _scenario(
        "slow-retrieval",
        "retrieval of articles takes 900 ms longer",
        _at_once(AppFault("slow_retrieval", {"added_ms": 900})),
        quick=True,
    ),
    _scenario(
        "rate-limit",
        "the provider refuses two attempts in three (429)",
        _at_once(ProviderFault("rate_limit", probability=0.65, parameters={"retry_after_s": 1})),
        also=_FAILING_PROVIDER,
        quick=True,
    ),
    _scenario(
        "outage",
        "the provider fails every attempt (503)",
        _at_once(ProviderFault("server_error", parameters={"status": 503})),
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "timeouts",
        "half of the attempts get no answer",
        _at_once(ProviderFault("timeout", probability=0.5)),
        also=_FAILING_PROVIDER
        | {"LLMRetrievalSlow": "retrieval waits for an embedding that never comes, then searches by keywords"},
    ),
    _scenario(
        "fallback",
        "a model is down: its breaker opens, the fallback answers",
        _at_once(ProviderFault("server_error", model="gpt-4o", parameters={"status": 500})),
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "retry-storm",
        "half of the attempts fail, and no budget limits the retries",
        _at_once(
            AppFault("no_retry_budget"), ProviderFault("rate_limit", probability=0.5, parameters={"retry_after_s": 0})
        ),
        also=_FAILING_PROVIDER,
    ),
    _scenario(
        "injections",
        "a third of the questions are prompt injections",
        _at_once(replace(USUAL, injections=0.35)),
        quick=True,
    ),
    _scenario(
        "content-filter",
        "the provider's content filter cuts off a third of the answers",
        _at_once(ProviderFault("content_filter", probability=0.35)),
        also=_ERRORS,
    ),
    _scenario(
        "context",
        "prompts almost fill the context window of a small model",
        _at_once(
            replace(USUAL, mix={ANSWER: 0.6, STREAM: 0.4}),  # a summary would not fit at all
            AppFault("other_model", {"model": "gpt-3.5-turbo"}),
            AppFault("long_prompts", {"tokens": 12_400}),
        ),
    ),
    _scenario(
        "queue",
        "one generation at a time, and more users",
        _at_once(
            AppFault("few_workers", {"concurrency": 1}),
            replace(USUAL, rate=11.0, users=260, mix={ANSWER: 0.7, STREAM: 0.2, SUMMARISE: 0.1}),
        ),
        also=_SLOW,
    ),
    _scenario(
        "cost-spike",
        "longer prompts and answers: five times the cost per hour",
        _at_once(AppFault("long_prompts", {"tokens": 15_000}), ProviderFault("verbosity", parameters={"factor": 1.3})),
        also={"LLMCostPerRequestGrowing": _DEARER, "LLMDailyBudget": _SPENDS, "LLMMonthlyBudget": _SPENDS},
        quick=True,
    ),
    _scenario(
        "cost-trend",
        "prompts grow slowly: a third more cost, below all limits",
        (
            ScenarioStep(0, AppFault("long_prompts", {"tokens": 500})),
            ScenarioStep(10, AppFault("long_prompts", {"tokens": 1_500})),
            ScenarioStep(20, AppFault("long_prompts", {"tokens": 3_000})),
        ),
        seeded=True,
    ),
    _scenario(
        "budget",
        "very long prompts spend the budget of a day",
        _at_once(AppFault("long_prompts", {"tokens": 50_000})),
        also={"LLMCostSpike": _SPENDS, "LLMCostPerRequestGrowing": _DEARER},
    ),
    _scenario(
        "cache",
        "the answer cache never hits",
        _at_once(AppFault("no_cache")),
        seeded=True,
        traffic=replace(USUAL, repeats=0.6),
    ),
    _scenario(
        "unpriced",
        "one request in ten goes to a model without a price",
        _at_once(AppFault("other_model", {"model": "acme-experimental-1", "share": 0.1})),
        also={"LLMTimeToFirstTokenHigh": "that model has a longer time to first token"},
        quick=True,
    ),
    _scenario(
        "deployment",
        "a new prompt version: slower, longer, dearer, often no answer",
        (
            ScenarioStep(0, AppFault("deployment", {"prompt_version": "v2"})),
            ScenarioStep(2, ProviderFault("latency", parameters={"multiplier": 2})),
            ScenarioStep(2, ProviderFault("verbosity", parameters={"factor": 4})),
            ScenarioStep(2, ProviderFault("empty_answer", probability=0.4)),
        ),
        also=_ERRORS
        | _SLOW
        | {"LLMRetryStorm": _RETRIES, "LLMFallbackInUse": _FALLS_BACK}
        | {"LLMCacheHitRateCollapsed": "answers of the old prompt version are not reused for the new one"},
        seeded=True,
    ),
    _scenario(
        "collector-down",
        "the collector is stopped and the provider fails: both alert",
        _at_once(StoppedServer("collector"), ProviderFault("server_error", parameters={"status": 503})),
        also=_FAILING_PROVIDER
        | {"StackTelemetryDropped": "the collector is down for longer than the applications' queues last"},
        quick=True,
    ),
    _scenario("logs-down", "the log store is stopped", _at_once(StoppedServer("logs")), also=_WITHOUT_STORE),
    _scenario("traces-down", "the trace store is stopped", _at_once(StoppedServer("traces")), also=_WITHOUT_STORE),
    Scenario(
        "prometheus-down",
        "Prometheus is stopped: only the alert sink notices",
        _at_once(StoppedServer("metrics")),
        expected=(SILENT,),  # the sink raises this alert itself, so no rule can name the scenario
        tolerated={
            "StackExporterQueueFilling": "metrics wait in the collector's queue; Prometheus sees that when it is back"
        },
    ),
)

BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
