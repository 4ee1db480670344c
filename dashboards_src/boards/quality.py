"""LLM quality: evaluation scores, user feedback, and the cost of evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries, searches
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import PrometheusQuery
from dashboards_src.boards.thresholds import red_below


@dataclass(frozen=True)
class Score:
    key: str  # in llm_telemetry.names
    title: str
    alert: Mapping[str, Any]  # options of its panels


FAITHFULNESS: Final = Score(
    "FAITHFULNESS",
    "Faithfulness",
    {"thresholds": red_below(config.MIN_FAITHFULNESS), "alerts": ["LLMQualityDegradation"]},
)
RELEVANCE: Final = Score("ANSWER_RELEVANCE", "Answer relevance", alert={})
SCALE: Final[Mapping[str, Any]] = {"decimals": 2, "minimum": 0, "maximum": 1}
WEEKS_SHOWN: Final = 8


def by_model(score: Score) -> Panel:
    return grafana.time_series(
        f"{score.title} by model",
        "Mean score of the last hour. If one model falls, its provider changed it or a fallback took over. If all"
        " models fall together, check the prompt and retrieval.",
        grafana.SCORE,
        PrometheusQuery(queries.mean_score(score.key, "model"), legend("model")),
        size=(12, 8),
        **SCALE,
        **score.alert,
    )


def by_prompt(score: Score) -> Panel:
    # The score of a service, for every prompt version that runs: two versions during a deployment.
    versions = "max by (service, prompt_version) (%(BUILD_INFO.filtered)s)"
    return grafana.time_series(
        f"{score.title} by prompt version",
        "Mean score of a service while a prompt version was running. If the score drops where a new version starts,"
        " roll the prompt back.",
        grafana.SCORE,
        PrometheusQuery(
            f"({queries.mean_score(score.key, 'service')}) * on (service) group_right () {versions}",
            legend("service, prompt_version"),
        ),
        size=(12, 8),
        **SCALE,
        **score.alert,
    )


def weekly(score: Score) -> Panel:
    matchers = f'%(WEEKLY_SAMPLES.matchers)s, metric="%({score.key})s"'
    weighted = f"%(WEEKLY_SCORE)s{{{matchers}}} * %(WEEKLY_SAMPLES)s{{{matchers}}}"
    return grafana.bar_chart(
        f"{score.title} by week, {WEEKS_SHOWN} weeks",
        "Mean score of each ISO week from the weekly report, weighted by the number of scored answers. Look for slow"
        " changes that hours do not show.",
        grafana.SCORE,
        PrometheusQuery(f"sum by (week) ({weighted}) / (sum by (week) (%(WEEKLY_SAMPLES)s{{{matchers}}}) > 0)"),
        category="week",
        transformations=[
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "score"}}},
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"desc": True, "field": "week"}]}},
            {"id": "limit", "options": {"limitField": WEEKS_SHOWN}},
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"desc": False, "field": "week"}]}},
        ],
        size=(9, 8),
        **SCALE,
        **score.alert,
    )


BY_MODEL: Final = Row("Scores by model", by_model(FAITHFULNESS), by_model(RELEVANCE))

BY_PROMPT: Final = Row("Scores by prompt version", by_prompt(FAITHFULNESS), by_prompt(RELEVANCE))

WEEKLY: Final = Row(
    "Weekly scores",
    weekly(FAITHFULNESS),
    weekly(RELEVANCE),
    grafana.stat(
        "Change in the last full week",
        "Compared with the week before, for the worst service. Red is the alert's limit: compare deployments,"
        " prompt versions and models of both weeks.",
        grafana.SHARE,
        PrometheusQuery("min by (metric) (%(WEEKLY_CHANGE.filtered)s)", legend("metric")),
        size=(6, 8),
        decimals=1,
        thresholds=red_below(-config.WEEKLY_DROP, 0),
        alerts=["LLMQualityWeeklyDrop"],
    ),
)

FEEDBACK: Final = Row(
    "User feedback and evaluation",
    grafana.time_series(
        "Thumbs up by endpoint",
        "Share of feedback that is positive. Users also judge tone, length and speed, which evaluation does not"
        " score. Feedback is rare, so choose a long time range.",
        grafana.SHARE,
        PrometheusQuery(
            'sum by (endpoint) (increase(%(FEEDBACK)s{%(FEEDBACK.matchers)s, value="up"}[%(HOUR)s]))'
            " / (sum by (endpoint) (increase(%(FEEDBACK.filtered)s[%(HOUR)s])) > 0)",
            legend("endpoint"),
        ),
        maximum=1,
    ),
    panels.events_per_minute(
        "Feedback per minute by model",
        "Thumbs up and thumbs down. If `down` rises on one model after a deployment, roll back: this is the fastest"
        " sign of a bad change.",
        "FEEDBACK",
        "model, value",
    ),
    panels.events_per_minute(
        "Evaluations per minute by result",
        "`scored` should follow the requests. `failed`: the judge fails or times out. `skipped`: the judge is too slow,"
        " or sampling leaves answers out. Without any `scored`, the scores above are old and an alert fires.",
        "EVAL_SAMPLES",
        "evaluator, result",
        alerts=["LLMEvaluationSilent"],
    ),
)

COST: Final = Row(
    "Cost of evaluation",
    panels.dollars_per_hour(
        "Judge cost per hour",
        "Cost of evaluation, which is not part of the cost of serving. If this is a large part of it, evaluate fewer"
        " answers or use a cheaper judge.",
        "EVAL_COST",
        "evaluator, model",
        decimals=4,
    ),
    panels.dollars(
        "Judge cost in the time range",
        "US dollars for evaluation in the dashboard's time range. Compare it with the cost of serving in LLM cost.",
        "sum(increase(%(EVAL_COST.filtered)s[$__range]))",
    ),
)

ANSWERS: Final = Row(
    "Evaluated answers",
    grafana.logs(
        "Newest evaluations",
        "One log line per scored answer. Open a line and click Trace to see the prompt's hash and the scores of the"
        " retrieved chunks.",
        searches.EVALUATIONS,
        size=(24, 8),
    ),
)


BOARD: Final = Board(
    config.QUALITY_BOARD,
    "LLM quality",
    "Evaluation scores by model, prompt version and week, user feedback, and the cost of evaluation.",
    "dashboards_src/boards/quality.py",
    variables=("service", "endpoint", "model"),
    since="now-24h",
    refresh="1m",
    rows=[BY_MODEL, BY_PROMPT, WEEKLY, FEEDBACK, COST, ANSWERS],
)
