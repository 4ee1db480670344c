"""LLM incident: the runbooks' questions in their order, for the person who was woken."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries, searches, thresholds
from dashboards_src.boards.board import ALERTS_FIRING, Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions, dashboard, override
from dashboards_src.boards.overview import (
    breaker_states,
    error_rate,
    latency_by_endpoint,
    provider_error_rate,
    queue_use,
    retry_rate,
)
from dashboards_src.boards.targets import Json, PrometheusQuery
from dashboards_src.boards.thresholds import red_above

CALL: Final = "endpoint, model, tenant"
YESTERDAY: Final = config.DAYS_BEFORE[0]


def narrowed_to(variable: str) -> Json:
    """From a cell to this dashboard with the cell's value chosen."""
    kept = "&".join(f"${{{name}:queryparam}}" for name in config.VARIABLES if name != variable)
    url = f"/d/{config.INCIDENT_BOARD}?${{__url_time_range}}&{kept}&var-{variable}=${{__value.raw}}"
    return {"targetBlank": False, "title": f"Only this {variable}", "url": url}


# --- What is broken, and for whom -----------------------------------------------------------------------


def alerts_now() -> Panel:
    return grafana.table(
        PanelOptions(
            "Firing alerts",
            "What fires now, without the watchdog. The first critical one is where to begin: its name links to its"
            " runbook.",
            grafana.COUNT,
            size=(24, 6),
            overrides=[
                override(
                    "Alert",
                    links=[
                        {
                            "targetBlank": True,
                            "title": "Runbook of ${__value.raw}",
                            "url": f"{grafana.RUNBOOKS}/${{__value.raw}}",
                        }
                    ],
                )
            ],
        ),
        PrometheusQuery(f"sum by (alertname, severity, service, endpoint, model, provider) ({ALERTS_FIRING})"),
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
    )


def blast_radius() -> Panel:
    return grafana.table(
        PanelOptions(
            "Errors by endpoint, model and tenant",
            "What the red rows have in common is what is broken: an endpoint is our code or prompt, a model is its"
            " provider, a tenant is its input or its limits; everything is us or the network.",
            grafana.PER_MINUTE,
            size=(14, 9),
            overrides=[
                override(
                    "Error rate",
                    unit=grafana.SHARE,
                    thresholds={"mode": "absolute", "steps": red_above(config.ERROR_RATE).to_json_data()},
                    custom__cellOptions={"mode": "basic", "type": "color-background"},
                ),
                *(override(name.capitalize(), links=[narrowed_to(name)]) for name in ("endpoint", "model", "tenant")),
            ],
            alerts=["LLMHighErrorRate"],
        ),
        PrometheusQuery(queries.ratio("REQUESTS", CALL, 'status="%(STATUS_ERROR)s"')),
        PrometheusQuery(f"{queries.rate('REQUESTS', CALL)} {queries.PER_MINUTE} > 0"),
        columns={
            "endpoint": "Endpoint",
            "model": "Model",
            "tenant": "Tenant",
            "Value #A": "Error rate",
            "Value #B": "Requests per minute",
        },
        sort_by="Error rate",
    )


def error_types() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Errors per minute by type",
            "Why requests got no answer. rate_limit, server_error, timeout and connection are the provider's or the"
            " network's; validation_failed and invalid_request are usually a deployment of ours.",
            grafana.PER_MINUTE,
            size=(10, 9),
            alerts=["LLMHighErrorRate"],
        ),
        PrometheusQuery(f"{queries.rate('ERRORS', 'error_type')} {queries.PER_MINUTE}", "{{error_type}}"),
        bars=True,
        stacked=True,
    )


def latency_by_model() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Latency p95 by model",
            "One slow model is its provider; all slow together is the queue or the machine.",
            grafana.MS,
            thresholds=red_above(config.LATENCY_P95_MS),
            alerts=["LLMLatencyHigh"],
        ),
        PrometheusQuery(queries.quantile(0.95, "LATENCY", "model"), "{{model}}", exemplars=True),
    )


def refused() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Refused per minute",
            "Requests that never reached a model (`queue_full` means overload), and questions or answers refused for"
            " safety: a sudden kind is an attack, or a filter that became too strict.",
            grafana.PER_MINUTE,
            alerts=["LLMSafetyViolations", "LLMQueueSaturated"],
        ),
        PrometheusQuery(
            f"{queries.rate('REJECTED', 'endpoint, reason')} {queries.PER_MINUTE}", "{{endpoint}} {{reason}}"
        ),
        PrometheusQuery(
            f"{queries.rate('SAFETY_VIOLATIONS', 'endpoint, kind')} {queries.PER_MINUTE}", "{{endpoint}} {{kind}}"
        ),
    )


# --- Is it the provider ---------------------------------------------------------------------------------


def attempts() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Provider attempts per minute by outcome",
            "Every attempt, retries included. Where `ok` falls and rate_limit rises we ask too much; where server_error"
            " rises the provider is ill: its status page says so minutes later.",
            grafana.PER_MINUTE,
            alerts=["LLMProviderErrorRateHigh"],
        ),
        PrometheusQuery(
            f"{queries.rate('PROVIDER_ATTEMPTS', 'provider, outcome')} {queries.PER_MINUTE}", "{{provider}} {{outcome}}"
        ),
        stacked=True,
    )


def fallbacks() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Fallbacks per minute",
            "Requests that another model answered. Users are served, but cost and quality are the other model's.",
            grafana.PER_MINUTE,
            alerts=["LLMFallbackInUse"],
        ),
        # The chosen models as those that should have answered: the alert's `model` is from_model.
        PrometheusQuery(
            "sum by (from_model, to_model, reason) (rate("
            f'%(FALLBACKS)s{{%(FALLBACKS.matchers)s, from_model=~"$model"}}{queries.RATE_INTERVAL})) {queries.PER_MINUTE}',
            "{{from_model}} → {{to_model}} ({{reason}})",
        ),
    )


# --- Did we change something ----------------------------------------------------------------------------


def deployments() -> Panel:
    return grafana.state_timeline(
        PanelOptions(
            "Deployments",
            "Which version and prompt version ran when. When the trouble begins where a band begins, go back to the"
            " version before first and find the cause afterwards.",
            grafana.STATE,
            size=(24, 6),
            mappings=grafana.value_names({1: ("running", thresholds.BLUE)}),
        ),
        PrometheusQuery(
            "max by (service, version, prompt_version) (%(BUILD_INFO.filtered)s)",
            "{{service}} {{version}} prompt {{prompt_version}}",
        ),
    )


# --- Does it cost ---------------------------------------------------------------------------------------


def cost_anomaly() -> Panel:
    pace = f"{queries.rate('COST', 'service')} {queries.PER_HOUR}"
    return grafana.time_series(
        PanelOptions(
            "Cost per hour, now and at the same hour of yesterday",
            "Two lines that part are a cost anomaly: a loop, a retry storm, a longer prompt or a fallback to a dearer"
            " model. The dashed line is the alert's limit.",
            grafana.DOLLARS,
            size=(12, 8),
            thresholds=red_above(config.COST_PER_HOUR),
            alerts=["LLMCostSpike"],
            links=[dashboard(config.COST_BOARD, "Cost")],
        ),
        PrometheusQuery(pace, "{{service}} now"),
        PrometheusQuery(
            pace.replace(queries.RATE_INTERVAL, f"{queries.RATE_INTERVAL} offset {YESTERDAY}"), "{{service}} yesterday"
        ),
    )


def cost_growth() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per request against its usual",
            "Times what a request cost at the same hour of the days before (median). Nothing in the first days.",
            grafana.TIMES,
            size=(12, 8),
            decimals=2,
            thresholds=red_above(config.COST_PER_REQUEST_OF_USUAL),
            alerts=["LLMCostPerRequestGrowing"],
        ),
        PrometheusQuery(
            "%(ENDPOINT_COST_PER_REQUEST.filtered)s / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE.filtered)s)",
            "{{service}} {{endpoint}}",
        ),
    )


# --- Examples -------------------------------------------------------------------------------------------


def failing_lines() -> Panel:
    return grafana.logs(
        PanelOptions(
            "Failed calls",
            "One line per request without a usable answer. Open a line and click Trace: the trace shows every attempt"
            " and what each ended with.",
            "",
            size=(24, 10),
            alerts=["LLMHighErrorRate"],
        ),
        searches.FAILED_CALLS,
    )


def failing_traces() -> Panel:
    return grafana.traces(
        PanelOptions(
            "Failing traces",
            "Traces whose generation failed. Click one; on a span, Logs leads to its log line.",
            "",
            size=(12, 9),
            alerts=["LLMHighErrorRate"],
        ),
        searches.FAILED_GENERATIONS,
    )


def slow_traces() -> Panel:
    return grafana.traces(
        PanelOptions(
            "Slow traces",
            f"Traces whose generation took longer than the alert's {config.LATENCY_P95_MS} ms. Look for the longest"
            " span: waiting (before the first `chat`), one slow attempt, or several attempts.",
            "",
            size=(12, 9),
            alerts=["LLMLatencyHigh"],
        ),
        searches.slow_generations(config.LATENCY_P95_MS),
    )


BOARD: Final = Board(
    config.INCIDENT_BOARD,
    "LLM incident",
    "The runbooks' questions in their order. Choose service, endpoint, model and tenant above as you learn what it is.",
    "dashboards_src/boards/incident.py",
    rows=[
        Row("1. What fires", [alerts_now]),
        Row("2. Who is affected: endpoint × model × tenant", [blast_radius, error_types]),
        Row("3. Errors, slowness, overload", [error_rate, latency_by_endpoint, latency_by_model, queue_use, refused]),
        Row("4. Is it the provider", [provider_error_rate, attempts, retry_rate, breaker_states, fallbacks]),
        Row("5. Did we change something", [deployments]),
        Row("6. Does it cost more", [cost_anomaly, cost_growth]),
        Row("7. Examples: log lines and traces", [failing_lines, failing_traces, slow_traces]),
    ],
)
