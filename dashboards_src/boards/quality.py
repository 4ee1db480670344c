"""LLM quality: are answers good, since when not, and what does judging them cost."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries, searches, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_below

# The evaluation's two scores, and below which one people are called; None: it is only watched.
LIMITS: Final = {"FAITHFULNESS": config.MIN_FAITHFULNESS, "ANSWER_RELEVANCE": None}
WORDS: Final = {"FAITHFULNESS": "Faithfulness", "ANSWER_RELEVANCE": "Answer relevance"}
WEEKS_SHOWN: Final = 8


def _about(title: str, description: str, score: str, size: tuple[int, int] = (12, 8)) -> PanelOptions:
    limit = LIMITS[score]
    return PanelOptions(
        title,
        description,
        grafana.SCORE,
        size=size,
        decimals=2,
        minimum=0,
        maximum=1,
        thresholds=thresholds.NO_THRESHOLDS if limit is None else red_below(limit),
        alerts=["LLMQualityDegradation"] if score == "FAITHFULNESS" else (),
    )


# --- By model and prompt version ------------------------------------------------------------------------


def _by_model(score: str) -> Panel:
    return grafana.time_series(
        _about(
            f"{WORDS[score]} by model",
            "Mean score over the last hour. When one model falls, its provider changed it or a fallback took over; when"
            " all fall together, it is the prompt or the retrieval.",
            score,
        ),
        PrometheusQuery(queries.mean_score(score, "model"), "{{model}}"),
    )


def faithfulness_by_model() -> Panel:
    return _by_model("FAITHFULNESS")


def relevance_by_model() -> Panel:
    return _by_model("ANSWER_RELEVANCE")


def _by_prompt(score: str) -> Panel:
    # One score per service, beside every prompt version that runs: during a deployment that is two.
    versions = "max by (service, prompt_version) (%(BUILD_INFO.filtered)s)"
    return grafana.time_series(
        _about(
            f"{WORDS[score]} by prompt version",
            "Mean score of a service under the prompt version that was running. A step where the colour changes is the"
            " prompt's doing: go back to the version before.",
            score,
        ),
        PrometheusQuery(
            f"({queries.mean_score(score, 'service')}) * on (service) group_right () {versions}",
            "{{service}} {{prompt_version}}",
        ),
    )


def faithfulness_by_prompt() -> Panel:
    return _by_prompt("FAITHFULNESS")


def relevance_by_prompt() -> Panel:
    return _by_prompt("ANSWER_RELEVANCE")


# --- Weeks ----------------------------------------------------------------------------------------------


def _weekly(score: str) -> Panel:
    which = f'%(WEEKLY_SAMPLES.matchers)s, metric="%({score})s"'
    weighted = f"%(WEEKLY_SCORE)s{{{which}}} * %(WEEKLY_SAMPLES)s{{{which}}}"
    about = _about(
        f"{WORDS[score]} by week, {WEEKS_SHOWN} weeks",
        "Mean score of each ISO week, weighted by how many answers were scored. From the weekly report.",
        score,
        size=(9, 8),
    )
    newest = [
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "score"}}},
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"desc": True, "field": "week"}]}},
        {"id": "limit", "options": {"limitField": WEEKS_SHOWN}},
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"desc": False, "field": "week"}]}},
    ]
    return grafana.bar_chart(
        about,
        PrometheusQuery(f"sum by (week) ({weighted}) / (sum by (week) (%(WEEKLY_SAMPLES)s{{{which}}}) > 0)"),
        category="week",
        steps=newest,
    )


def weekly_faithfulness() -> Panel:
    return _weekly("FAITHFULNESS")


def weekly_relevance() -> Panel:
    return _weekly("ANSWER_RELEVANCE")


def weekly_change() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Change of the last full week",
            "Against the week before, the worst service. Red is the alert's limit: compare the two weeks' deployments,"
            " prompt versions and models above.",
            grafana.SHARE,
            size=(6, 8),
            decimals=1,
            thresholds=red_below(-config.WEEKLY_DROP, 0),
            alerts=["LLMQualityWeeklyDrop"],
        ),
        PrometheusQuery("min by (metric) (%(WEEKLY_CHANGE.filtered)s)", "{{metric}}"),
    )


# --- What people say ------------------------------------------------------------------------------------


def liked() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Thumbs up by endpoint",
            "Share of feedback that is a thumb up. People complain about what no judge scores: tone, length, being"
            " slow. Feedback is rare, so look at a long time range.",
            grafana.SHARE,
            maximum=1,
        ),
        PrometheusQuery(
            'sum by (endpoint) (increase(%(FEEDBACK)s{%(FEEDBACK.matchers)s, value="up"}[%(HOUR)s]))'
            " / (sum by (endpoint) (increase(%(FEEDBACK.filtered)s[%(HOUR)s])) > 0)",
            "{{endpoint}}",
        ),
    )


def feedback() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Feedback per minute by model",
            "Thumbs up and down. A rise of `down` on one model after a deployment is the fastest sign of a bad change.",
            grafana.PER_MINUTE,
        ),
        PrometheusQuery(f"{queries.rate('FEEDBACK', 'model, value')} {queries.PER_MINUTE}", "{{model}} {{value}}"),
    )


def newest_evaluations() -> Panel:
    return grafana.logs(
        PanelOptions(
            "Newest evaluations",
            "One line per scored answer. Open a line and click Trace: the trace has the prompt's hash and the retrieved"
            " chunks' scores.",
            "",
            size=(24, 8),
        ),
        searches.EVALUATIONS,
    )


# --- The judge ------------------------------------------------------------------------------------------


def samples() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Evaluations per minute by result",
            "`scored` should follow the requests; `failed` means that the judge errs or times out, `skipped` that it"
            " cannot keep up or that sampling leaves them out. No `scored` at all is an alert: scores above are old.",
            grafana.PER_MINUTE,
            alerts=["LLMEvaluationSilent"],
        ),
        PrometheusQuery(
            f"{queries.rate('EVAL_SAMPLES', 'evaluator, result')} {queries.PER_MINUTE}", "{{evaluator}} {{result}}"
        ),
    )


def judge_cost() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Judge cost per hour",
            "What evaluation itself costs, apart from serving. When it is a large part of the cost of serving, sample"
            " less or take a cheaper judge.",
            grafana.DOLLARS,
            decimals=4,
        ),
        PrometheusQuery(
            f"{queries.rate('EVAL_COST', 'evaluator, model')} {queries.PER_HOUR}", "{{evaluator}} {{model}}"
        ),
    )


def judge_cost_in_range() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Judge cost in the time range",
            "US dollars for evaluation in the time range above.",
            grafana.DOLLARS,
            decimals=grafana.MONEY_DECIMALS,
        ),
        PrometheusQuery("sum(increase(%(EVAL_COST.filtered)s[$__range]))"),
    )


BOARD: Final = Board(
    config.QUALITY_BOARD,
    "LLM quality",
    "Are answers good, since when not, what do people say, and what does judging cost.",
    "dashboards_src/boards/quality.py",
    variables=("service", "endpoint", "model"),
    since="now-24h",
    refresh="1m",
    rows=[
        Row("Scores by model", [faithfulness_by_model, relevance_by_model]),
        Row("Scores by prompt version", [faithfulness_by_prompt, relevance_by_prompt]),
        Row("Week by week", [weekly_faithfulness, weekly_relevance, weekly_change]),
        Row("What people say", [liked, feedback, samples]),
        Row("The judge", [judge_cost, judge_cost_in_range]),
        Row("Answers", [newest_evaluations]),
    ],
)
