"""Alerts on the quality of answers, as evaluation scores them."""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.alerts.alert import CALLS, LOW_SCORES, Alert, Evidence
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.records.llm import QUALITY_FILE
from llm_telemetry import names

_alert = partial(Alert, severity="warning", team="quality", dashboard=config.QUALITY_BOARD)

ALERTS: Final = (
    _alert(
        name="LLMQualityDegradation",
        expr="""
        %(ENDPOINT_MEAN_SCORE)s{metric="%(FAITHFULNESS)s"} < %(MIN_FAITHFULNESS)s
        and %(ENDPOINT_SCORES)s >= %(MIN_SCORES)s
        """,
        for_=config.FAITHFULNESS_FOR,
        severity="critical",
        summary="Answers are not faithful to the retrieved context.",
        description="{{ $labels.service }} {{ $labels.endpoint }}: mean faithfulness of the last %(HOUR)s is"
        " {{ $value | printf `%.2f` }} (limit %(MIN_FAITHFULNESS)s).",
        labels=("service", "endpoint", "metric"),
        evidence=LOW_SCORES,
    ),
    _alert(
        name="LLMQualityWeeklyDrop",
        # Both weeks need enough scores. The label week is not in the result: the weekly report names the weeks.
        expr="""
        min by (service, metric) (%(WEEKLY_CHANGE)s) < -%(WEEKLY_DROP)s
        and count by (service, metric) (%(WEEKLY_SAMPLES)s >= %(MIN_SCORES)s) >= 2
        """,
        for_=config.WEEKLY_DROP_FOR,
        summary="Answer quality dropped last week compared with the week before.",
        description="{{ $labels.service }}: {{ $labels.metric }} changed by {{ $value | humanizePercentage }} in a week"
        " (limit -%(WEEKLY_DROP.percent)s).",
        labels=("service", "metric"),
        evidence=Evidence(event=names.EVENT_EVALUATION),
    ),
    _alert(
        name="LLMEvaluationSilent",
        # Only services that were evaluated before: a service without evaluation does not alert.
        expr="""
        %(SERVICE_REQUESTS)s >= %(MIN_REQUESTS)s
        unless %(SERVICE_SCORED)s > 0
        and max_over_time(%(SERVICE_SCORED)s[%(EVALUATED)s]) > 0
        """,
        for_=config.EVAL_SILENT_FOR,
        summary="Answers are no longer evaluated.",
        description="{{ $labels.service }} answered {{ $value | humanize }} requests in the last %(HOUR)s, but none"
        " was scored.",
        labels=("service",),
        evidence=CALLS,
    ),
)

FILE: Final = RulesFile(QUALITY_FILE, "Quality of answers.", ALERTS)
