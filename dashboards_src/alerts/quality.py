"""Alerts on the quality of answers, as evaluation scores it."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.alerts.rules import Alert, RulesFile
from dashboards_src.records import QUALITY_FILE

ALERTS: Final = (
    Alert(
        QUALITY_FILE,
        "LLMQualityDegradation",
        """
        %(ENDPOINT_MEAN_SCORE)s{metric="%(FAITHFULNESS)s"} < %(FAITHFULNESS_LEAST)s
        and %(ENDPOINT_SCORES)s >= %(LEAST_SCORES)s
        """,
        config.FAITHFULNESS_FOR,
        "critical",
        "quality",
        config.QUALITY_BOARD,
        "Answers are not faithful to what was retrieved.",
        "{{ $labels.service }} {{ $labels.endpoint }}: answers of the last %(HOUR)s have a mean faithfulness of"
        " {{ $value | printf `%.2f` }} (limit %(FAITHFULNESS_LEAST)s).",
        ("service", "endpoint", "metric"),
    ),
    Alert(
        QUALITY_FILE,
        "LLMQualityWeeklyDrop",
        # Two weeks with enough scores; the weekly report says which.
        """
        min by (service, metric) (%(WEEKLY_CHANGE)s) < -%(WEEKLY_DROP)s
        and count by (service, metric) (%(WEEKLY_SAMPLES)s >= %(LEAST_SCORES)s) >= 2
        """,
        config.WEEKLY_DROP_FOR,
        "warning",
        "quality",
        config.QUALITY_BOARD,
        "Answers of last week were worse than those of the week before.",
        "{{ $labels.service }}: {{ $labels.metric }} changed by {{ $value | humanizePercentage }} in a week"
        " (limit -%(WEEKLY_DROP.percent)s).",
        ("service", "metric"),
    ),
    Alert(
        QUALITY_FILE,
        "LLMEvaluationSilent",
        # Only where evaluation has worked before: a service that is not evaluated is not silent.
        """
        %(SERVICE_REQUESTS)s >= %(LEAST_REQUESTS)s
        unless %(SERVICE_SCORED)s > 0
        and max_over_time(%(SERVICE_SCORED)s[%(EVALUATED)s]) > 0
        """,
        config.EVAL_SILENT_FOR,
        "warning",
        "quality",
        config.QUALITY_BOARD,
        "Answers are given but none is scored.",
        "{{ $labels.service }} answered {{ $value | humanize }} requests in the last %(HOUR)s, and none was scored.",
        ("service",),
    ),
)

FILE: Final = RulesFile(QUALITY_FILE, "Quality of answers.", ALERTS)
