"""Service level objectives: records and burn-rate alerts, made from the table in config.py.

All objectives have the same record names and differ in the label `slo`, so one dashboard shows all of them. The ratio
of a window is its bad events over all its events, not a mean of ratios: a busy hour counts more than a quiet hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboards_src import config, promql, records
from dashboards_src.alerts.alert import FAILED_CALLS, LATE_STREAMS, LOW_SCORES, SLOW_CALLS, Alert, Evidence, Rule
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.config import Burn, Scale, Slo
from dashboards_src.records import slo as slo_records
from llm_telemetry import names

MONTH: Final = config.MONTH.production

# By objective: the evidence of its alert, and the load scenarios that must raise it.
EVIDENCE: Final[Mapping[str, tuple[Evidence, tuple[str, ...]]]] = {
    "availability": (FAILED_CALLS, ("outage",)),
    "latency": (SLOW_CALLS, ()),
    "ttft": (LATE_STREAMS, ()),
    "quality": (LOW_SCORES, ()),
}


def _counted(series: str, *matchers: str) -> str:
    inside = ", ".join(filter(None, matchers))
    selector = series + ("{" + inside + "}" if inside else "")
    return f"sum by (service, endpoint) (rate({selector}[%(BURN_RATE)s]))"


def events_and_bad(slo: Slo) -> tuple[str, str]:
    """Templates of the rates of all events and of bad events, per second."""
    metric = slo.metric
    if slo.threshold is None:
        events = _counted(metric.name)
        bad = _counted(metric.name, 'status="%(STATUS_ERROR)s"')
        return events, f"{bad}\nor {events} * 0"
    if slo.threshold not in metric.buckets:
        raise ValueError(f"objective {slo.name}: {metric.name} has no bucket boundary {slo.threshold:g}")
    which = 'metric="%(FAITHFULNESS)s"' if metric is names.EVAL_SCORE else ""
    events = _counted(f"{metric.name}_count", which)
    below = _counted(f"{metric.name}_bucket", which, promql.bucket(slo.threshold))
    # A low latency is good. A low score is bad.
    return events, below if metric is names.EVAL_SCORE else f"{events}\n- {below}"


def _window(window: str, scale: Scale) -> list[Rule]:
    """The number of events in a window and the ratio of bad events, for all objectives."""
    events, bad = (records.render(name, scale) for name in (slo_records.EVENTS, slo_records.BAD_EVENTS))
    step = config.SLO_WINDOWS.at(scale).get(window)
    if step is None:  # BURN_RATE itself
        counted = f"{events} * {promql.seconds(window)}"
        ratio = f"{bad} / ({events} > 0)"
    else:
        counted = f"sum_over_time({events}[{window}:{step}]) * {promql.seconds(step)}"
        ratio = f"sum_over_time({bad}[{window}:{step}]) / (sum_over_time({events}[{window}:{step}]) > 0)"
    return [
        {"record": slo_records.events_in(window), "expr": counted},
        {"record": slo_records.bad_ratio(window), "expr": ratio},
    ]


def _dashboard_records() -> list[Rule]:
    objectives = [
        {"record": slo_records.OBJECTIVE, "expr": f"vector({slo.objective:g})", "labels": {"slo": slo.name}}
        for slo in config.SLOS
    ]
    spent = f"SHARE / on (slo) group_left () (1 - {slo_records.OBJECTIVE})"
    return [
        *objectives,
        {"record": slo_records.BUDGET_LEFT, "expr": "1 - " + spent.replace("SHARE", slo_records.bad_ratio(MONTH))},
        {"record": slo_records.BURN_RATE, "expr": spent.replace("SHARE", slo_records.bad_ratio("1h"))},
    ]


def can_burn(slo: Slo, burn: Burn, scale: Scale) -> bool:
    """Whether the error budget can burn that fast: a burn rate needs a ratio of bad events below 1."""
    return burn.factor.at(scale) * slo.error_budget < 1


def burn_alert(slo: Slo, burn: Burn, scale: Scale) -> Alert:
    """The alert of one burn rate at one scale. The names of its records contain the windows."""
    limit = f"{burn.factor.at(scale):g} * {slo.error_budget:g}"
    which = f'{{slo="{slo.name}"}}'
    long, short = burn.long.at(scale), burn.short.at(scale)
    evidence, scenarios = EVIDENCE[slo.name]
    return Alert(
        name=slo.alert,
        expr=f"""
        {slo_records.bad_ratio(long)}{which} > {limit}
        and {slo_records.bad_ratio(short)}{which} > {limit}
        and {slo_records.events_in(long)}{which} >= %(MIN_EVENTS)s
        """,
        for_=burn.for_,
        severity=burn.severity,
        team="quality" if slo.name == "quality" else "application",
        dashboard=config.SLO_BOARD,
        summary=f"The error budget burns too fast: too many {slo.events} {slo.failure}.",
        description="{{ $labels.service }} {{ $labels.endpoint }}: {{ $value | humanizePercentage }} of"
        f" {slo.events} in the last {long} {slo.failure} (limit {burn.factor.at(scale) * slo.error_budget * 100:g} %)."
        " At this rate the error budget of %(MONTH.production)s is spent too early.",
        labels=("slo", "service", "endpoint"),
        evidence=evidence,
        scenarios=scenarios,
        extra_labels={"window": burn.name},
    )


@dataclass(frozen=True)
class SloFile(RulesFile):
    def records_at(self, scale: Scale) -> list[Rule]:
        rules: list[Rule] = []
        for slo in config.SLOS:
            for name, expr in zip((slo_records.EVENTS, slo_records.BAD_EVENTS), events_and_bad(slo), strict=True):
                rule: dict[str, Any] = {
                    "record": records.render(name, scale),
                    "expr": records.render(expr, scale),
                    "labels": {"slo": slo.name},
                }
                rules.append(rule)
        for window in (config.BURN_RATE.at(scale), *config.SLO_WINDOWS.at(scale)):
            rules += _window(window, scale)
        return rules + (_dashboard_records() if scale == "production" else [])

    def alerts_at(self, scale: Scale) -> Iterator[Alert]:
        for slo in config.SLOS:
            yield from (burn_alert(slo, burn, scale) for burn in config.BURNS if can_burn(slo, burn, scale))


FILE: Final = SloFile(slo_records.FILE, "Service level objectives: error budgets and how fast they burn.", slow=True)
