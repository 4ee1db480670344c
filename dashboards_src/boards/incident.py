"""LLM incident: the questions of the runbooks, in their order, for the person on call."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries, searches, thresholds
from dashboards_src.boards.board import ALERTS_FIRING, Board, Row
from dashboards_src.boards.grafana import Panel, dashboard, override
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import Json, PrometheusQuery
from dashboards_src.boards.thresholds import red_above

CALL: Final = "endpoint, model, tenant"
YESTERDAY: Final = config.DAYS_BEFORE[0]
RUNBOOK: Final = {
    "targetBlank": True,
    "title": "Runbook of ${__value.raw}",
    "url": f"{grafana.RUNBOOKS}/${{__value.raw}}",
}


def filter_link(variable: str) -> Json:
    """From a cell to this dashboard, filtered by the cell's value."""
    kept = "&".join(f"${{{name}:queryparam}}" for name in config.VARIABLES if name != variable)
    url = f"/d/{config.INCIDENT_BOARD}?${{__url_time_range}}&{kept}&var-{variable}=${{__value.raw}}"
    return {"targetBlank": False, "title": f"Only this {variable}", "url": url}


def rejected() -> Panel:
    series = {"REJECTED": "endpoint, reason", "SAFETY_VIOLATIONS": "endpoint, kind"}
    return grafana.time_series(
        "Rejected per minute",
        "Requests that never reached a model (`queue_full` means overload), and questions or answers that violate"
        " safety rules. A sudden rise of one kind is an attack, or a filter that became too strict.",
        grafana.PER_MINUTE,
        *(PrometheusQuery(f"{queries.rate(key, by)} {queries.PER_MINUTE}", legend(by)) for key, by in series.items()),
        alerts=["LLMSafetyViolations", "LLMQueueSaturated"],
    )


def fallbacks() -> Panel:
    # The chosen models are those that should have answered: in the alert, `model` is from_model.
    selector = '%(FALLBACKS)s{%(FALLBACKS.matchers)s, from_model=~"$model"}'
    return grafana.time_series(
        "Fallbacks per minute",
        "Requests that a fallback model answered. Users get answers, but with the cost and quality of the fallback"
        " model. Find out why the first model fails.",
        grafana.PER_MINUTE,
        PrometheusQuery(
            f"sum by (from_model, to_model, reason) (rate({selector}{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "{{from_model}} → {{to_model}} ({{reason}})",
        ),
        alerts=["LLMFallbackInUse"],
    )


def cost_anomaly() -> Panel:
    now = f"{queries.rate('COST', 'service')} {queries.PER_HOUR}"
    yesterday = now.replace(queries.RATE_INTERVAL, f"{queries.RATE_INTERVAL} offset {YESTERDAY}")
    return grafana.time_series(
        "Cost per hour, now and yesterday",
        "Compared with the same hour of yesterday. If the lines differ, look for a loop, a retry storm, a longer"
        " prompt or a fallback to a more expensive model. The dashed line is the alert's limit.",
        grafana.DOLLARS,
        PrometheusQuery(now, "{{service}} now"),
        PrometheusQuery(yesterday, "{{service}} yesterday"),
        size=(12, 8),
        thresholds=red_above(config.COST_PER_HOUR),
        alerts=["LLMCostSpike"],
        links=[dashboard(config.COST_BOARD, "Cost")],
    )


ALERTS: Final = Row(
    "1. Firing alerts",
    grafana.table(
        "Firing alerts",
        "All firing alerts except the watchdog. Start with the first critical alert: click its name to open its"
        " runbook.",
        grafana.COUNT,
        PrometheusQuery(f"sum by (alertname, severity, service, endpoint, model, provider) ({ALERTS_FIRING})"),
        size=(24, 6),
        overrides=[override("Alert", links=[RUNBOOK])],
        columns={
            "alertname": "Alert",
            "severity": "Severity",
            "service": "Service",
            "endpoint": "Endpoint",
            "provider": "Provider",
            "model": "Model",
        },
        sort_by="Severity",
        descending=False,  # critical before warning
        hidden=["Value"],
    ),
)

AFFECTED: Final = Row(
    "2. Affected endpoints, models and tenants",
    grafana.table(
        "Errors by endpoint, model and tenant",
        "Find what the red rows have in common. One endpoint: our code or prompt. One model: its provider. One"
        " tenant: its input or its limits. All rows: our service or the network. Click a cell to filter.",
        grafana.PER_MINUTE,
        PrometheusQuery(queries.ratio("REQUESTS", CALL, 'status="%(STATUS_ERROR)s"')),
        PrometheusQuery(f"{queries.rate('REQUESTS', CALL)} {queries.PER_MINUTE} > 0"),
        size=(14, 9),
        overrides=[
            override(
                "Error rate",
                unit=grafana.SHARE,
                thresholds=grafana.threshold_steps(red_above(config.ERROR_RATE)),
                custom__cellOptions={"mode": "basic", "type": "color-background"},
            ),
            *(override(name.capitalize(), links=[filter_link(name)]) for name in ("endpoint", "model", "tenant")),
        ],
        alerts=["LLMHighErrorRate"],
        columns={
            "endpoint": "Endpoint",
            "model": "Model",
            "tenant": "Tenant",
            "Value #A": "Error rate",
            "Value #B": "Requests per minute",
        },
        sort_by="Error rate",
    ),
    panels.events_per_minute(
        "Errors per minute by type",
        "Why requests failed. rate_limit, server_error, timeout and connection come from the provider or the network."
        " validation_failed and invalid_request usually come from a deployment of ours.",
        "ERRORS",
        "error_type",
        size=(10, 9),
        alerts=["LLMHighErrorRate"],
        bars=True,
        stacked=True,
    ),
)

SYMPTOMS: Final = Row(
    "3. Errors, latency and overload",
    panels.ERROR_RATE,
    panels.LATENCY_BY_ENDPOINT,
    grafana.time_series(
        "Latency p95 by model",
        "If one model is slow, check its provider. If all models are slow, check the queue and the machine.",
        grafana.MS,
        PrometheusQuery(queries.quantile(0.95, "LATENCY", "model"), legend("model"), exemplars=True),
        thresholds=red_above(config.LATENCY_P95_MS),
        alerts=["LLMLatencyHigh"],
    ),
    panels.QUEUE_USE,
    rejected(),
)

PROVIDER: Final = Row(
    "4. Provider",
    panels.PROVIDER_ERROR_RATE,
    panels.events_per_minute(
        "Provider attempts per minute by outcome",
        "Every attempt, including retries. If rate_limit rises, we send too many requests: lower the load. If"
        " server_error rises, the provider is broken: check its status page, which may be minutes late.",
        "PROVIDER_ATTEMPTS",
        "provider, outcome",
        alerts=["LLMProviderErrorRateHigh"],
        stacked=True,
    ),
    panels.RETRY_RATE,
    panels.BREAKER_STATES,
    fallbacks(),
)

DEPLOYMENTS: Final = Row(
    "5. Deployments",
    grafana.state_timeline(
        "Deployments",
        "Versions and prompt versions over time. If the problem starts where a band starts, roll back first and"
        " look for the cause afterwards.",
        PrometheusQuery(
            "max by (service, version, prompt_version) (%(BUILD_INFO.filtered)s)",
            "{{service}} {{version}} prompt {{prompt_version}}",
        ),
        size=(24, 6),
        mappings=grafana.value_names({1: ("running", thresholds.BLUE)}),
    ),
)

COST: Final = Row(
    "6. Cost",
    cost_anomaly(),
    panels.cost_per_request_of_usual("Cost per request compared with previous days", size=(12, 8)),
)

EXAMPLES: Final = Row(
    "7. Example log lines and traces",
    grafana.logs(
        "Failed calls",
        "One log line per request without a usable answer. Open a line and click Trace to see every attempt and its"
        " error.",
        searches.FAILED_CALLS,
        size=(24, 10),
        alerts=["LLMHighErrorRate"],
    ),
    grafana.traces(
        "Failing traces",
        "Traces with a failed generation. Click a trace to open it; the Logs link of a span opens its log line.",
        searches.FAILED_GENERATIONS,
        size=(12, 9),
        alerts=["LLMHighErrorRate"],
    ),
    grafana.traces(
        "Slow traces",
        f"Traces with a generation above the alert's limit of {config.LATENCY_P95_MS} ms. Look for the longest"
        " part: waiting before the first `chat` span, one slow attempt, or several attempts.",
        searches.slow_generations(config.LATENCY_P95_MS),
        size=(12, 9),
        alerts=["LLMLatencyHigh"],
    ),
)


BOARD: Final = Board(
    config.INCIDENT_BOARD,
    "LLM incident",
    "For the person on call: the questions of the runbooks, in their order. As you narrow the problem down, filter by"
    " service, endpoint, model and tenant.",
    "dashboards_src/boards/incident.py",
    rows=[ALERTS, AFFECTED, SYMPTOMS, PROVIDER, DEPLOYMENTS, COST, EXAMPLES],
)
