"""One alert: every fact about it, in one record.

The rules files and the index `prometheus/alerts.json` are generated from these records. The alert sink, the
console and the load tests read alerts from here or from the index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dashboards_src import config, records
from dashboards_src.config import PerScale, Scale, Severity, Team
from llm_telemetry import names

# The running stack says its addresses as external labels of Prometheus (prometheus/prometheus.yml.j2).
DASHBOARDS_URL: Final = "{{ $externalLabels.dashboards_url }}"
RUNBOOKS_URL: Final = "{{ $externalLabels.runbooks_url }}"

Rule = dict[str, Any]
Pick = Literal["failed", "highest", "lowest", "newest"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where the requests that an alert is about can be found."""

    exemplars: Sequence[names.Metric] = ()  # histograms whose exemplars name affected traces, the best first
    pick: Pick = "newest"  # which exemplar is the best example
    event: str = names.EVENT_CALL  # of the log lines
    failed_only: bool = False  # log lines and traces of failed calls only
    slower_than_ms: float = 0  # traces that took at least this long
    always: bool = True  # False: requests that were rejected before a model was called leave no log line and no trace

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"exemplars": [metric.name for metric in self.exemplars]}


# A failed generation has no whole answer, so it is in no latency histogram; its retrieval is in one.
FAILURE_EXEMPLARS: Final = (names.RETRIEVAL_LATENCY, names.LATENCY, names.CONTEXT_UTILISATION)
FAILED_CALLS: Final = Evidence(exemplars=FAILURE_EXEMPLARS, pick="failed", failed_only=True)
SLOW_CALLS: Final = Evidence(exemplars=(names.LATENCY,), pick="highest", slower_than_ms=config.LATENCY_P95_MS)
LATE_STREAMS: Final = Evidence(exemplars=(names.TTFT,), pick="highest")
LONG_ANSWERS: Final = Evidence(exemplars=(names.LATENCY,), pick="highest")  # they cost the most
NEWEST_CALLS: Final = Evidence(exemplars=(names.LATENCY,), pick="newest")
LOW_SCORES: Final = Evidence(exemplars=(names.EVAL_SCORE,), pick="lowest", event=names.EVENT_EVALUATION)
CALLS: Final = Evidence()  # no single call is an example; the log lines and traces of the alert's labels


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert. Expression and description are templates, filled by `records.render`, then by Prometheus."""

    name: str
    expr: str
    for_: PerScale[str]
    severity: Severity
    team: Team
    dashboard: str  # uid
    summary: str
    description: str
    labels: Sequence[str]  # of its series
    evidence: Evidence | None = None  # None: the alert is not about requests
    scenarios: Sequence[str] = ()  # load scenarios (loadtest/scenarios.py) that must raise it
    dashboard_variables: Mapping[str, str] = field(default_factory=dict)  # variable: label, where the names differ
    extra_labels: Mapping[str, str] = field(default_factory=dict)  # that the rule adds, beside severity and team

    def rule(self, scale: Scale) -> Rule:
        return {
            "alert": self.name,
            "expr": records.render(self.expr, scale),
            "for": self.for_.at(scale),
            "labels": {"severity": self.severity, "team": self.team, **self.extra_labels},
            "annotations": {
                "summary": self.summary,
                "description": records.render(self.description, scale),
                "runbook_url": f"{RUNBOOKS_URL}/{self.name}",
                "dashboard_url": self._dashboard_url(),
            },
        }

    def _dashboard_url(self) -> str:
        # The stack's dashboard is not filtered: its servers belong to no service.
        filters = () if self.dashboard == config.STACK_BOARD else config.VARIABLES
        labels = {name: name for name in filters if name in self.labels} | dict(self.dashboard_variables)
        query = [f"var-{name}={{{{ $labels.{label} | urlquery }}}}" for name, label in labels.items()]
        return f"{DASHBOARDS_URL}/d/{self.dashboard}?{'&'.join([*query, 'from=now-1h', 'to=now'])}"
