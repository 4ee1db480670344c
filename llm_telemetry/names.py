"""Every name of the telemetry contract, written once: metrics, labels, span attributes, log fields.

Applications, alert rules, dashboards, the console and the tests import them from here. This module imports
nothing but the standard library, so that importing it is cheap.
"""

from dataclasses import dataclass
from typing import Final, Literal

# --- Label values -------------------------------------------------------------------------------

OTHER: Final = "other"  # replaces every label value that is not configured
UNKNOWN: Final = "unknown"  # `endpoint` or `provider` if the application gives none
ALL_ENDPOINTS: Final = "all"  # llm_active_users only: a user of several endpoints counts once

STATUS_OK: Final = "ok"
STATUS_ERROR: Final = "error"
STATUS_CANCELLED: Final = "cancelled"
STATUSES: Final = (STATUS_OK, STATUS_ERROR, STATUS_CANCELLED)

RATE_LIMIT: Final = "rate_limit"
SERVER_ERROR: Final = "server_error"
TIMEOUT: Final = "timeout"
CONNECTION: Final = "connection"
INVALID_REQUEST: Final = "invalid_request"
CIRCUIT_OPEN: Final = "circuit_open"
VALIDATION_FAILED: Final = "validation_failed"
HALLUCINATION: Final = "hallucination"
CONTENT_FILTER: Final = "content_filter"
PROMPT_INJECTION: Final = "prompt_injection"
# Outcomes of one attempt at a provider, besides `ok` and `cancelled`.
PROVIDER_ERROR_TYPES: Final = (
    RATE_LIMIT, SERVER_ERROR, TIMEOUT, CONNECTION, INVALID_REQUEST, VALIDATION_FAILED, CONTENT_FILTER,
    PROMPT_INJECTION,
)  # fmt: skip
# `other` is any other exception inside the observed block.
ERROR_TYPES: Final = (*PROVIDER_ERROR_TYPES, CIRCUIT_OPEN, HALLUCINATION, OTHER)
ATTEMPT_OK: Final = "ok"

COST_TABLE: Final = "table"
COST_REPORTED: Final = "reported"
COST_UNPRICED: Final = "unpriced"
COST_SOURCES: Final = (COST_TABLE, COST_REPORTED, COST_UNPRICED)

FINISH_REASONS: Final = ("stop", "length", "content_filter", "tool_calls", OTHER)
REJECTION_REASONS: Final = ("bad_input", "queue_full", "unauthorized")
CACHE_RESULTS: Final = ("hit", "miss")
SAFETY_KINDS: Final = ("content_filter", "prompt_injection", "pii")
FEEDBACK_VALUES: Final = ("up", "down")
FAITHFULNESS: Final = "faithfulness"
ANSWER_RELEVANCE: Final = "answer_relevance"
EVAL_METRICS: Final = (FAITHFULNESS, ANSWER_RELEVANCE)
EVAL_RESULTS: Final = ("scored", "failed", "skipped")

BREAKER_CLOSED: Final = 0
BREAKER_HALF_OPEN: Final = 1
BREAKER_OPEN: Final = 2

# --- Buckets ------------------------------------------------------------------------------------

# Milliseconds, for all latencies: from a fast retrieval (5 ms) to an answer that times out (60 s).
# 1000 and 3000 are the limits of the latency alerts and objectives, so ratios and quantiles are exact there.
# To set an objective at another value, add that value here.
LATENCY_BUCKETS_MS: Final = (
    5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10000, 15000, 30000, 60000,
)  # fmt: skip
# Ratios and scores from 0 to 1. 0.75 (faithfulness), 0.7 and 0.8 (relevance, context) are alert limits.
RATIO_BUCKETS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)

# --- Metrics ------------------------------------------------------------------------------------

MetricKind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Metric:
    """One metric of the contract. `labels` leaves out `service`, which every metric has."""

    name: str  # in Prometheus, so a counter ends in `_total`
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()  # of a histogram

    @property
    def kind(self) -> MetricKind:
        if self.buckets:
            return "histogram"
        return "counter" if self.name.endswith("_total") else "gauge"


SERVICE_LABEL: Final = "service"

_MODEL = ("endpoint", "model")
_CALL = (*_MODEL, "tenant")

REQUESTS = Metric(
    "llm_requests_total", (*_CALL, "status"), "Generations. Retries and fallbacks are part of their generation."
)
EMBEDDING_REQUESTS = Metric("llm_embedding_requests_total", (*_MODEL, "status"), "Embedding calls.")
ERRORS = Metric(
    "llm_errors_total", (*_CALL, "error_type"), "Generations without a usable answer, and hallucinations found later."
)
LATENCY = Metric(
    "llm_latency_ms",
    _MODEL,
    "Time from the call to the whole answer, queueing and retries included, in ms.",
    LATENCY_BUCKETS_MS,
)
TTFT = Metric(
    "llm_ttft_ms", _MODEL, "Time from the call to the first content delta, streaming only, in ms.", LATENCY_BUCKETS_MS
)
RETRIEVAL_LATENCY = Metric(
    "llm_retrieval_latency_ms", ("endpoint",), "Time of the retrieval alone, in ms.", LATENCY_BUCKETS_MS
)
INPUT_TOKENS = Metric("llm_input_tokens_total", _CALL, "Input tokens of all billed attempts, cached tokens included.")
OUTPUT_TOKENS = Metric("llm_output_tokens_total", _CALL, "Output tokens of all billed attempts, reasoning included.")
CACHED_INPUT_TOKENS = Metric(
    "llm_cached_input_tokens_total", _CALL, "Input tokens that the provider read from its cache."
)
USAGE_UNKNOWN = Metric(
    "llm_usage_unknown_total", _MODEL, "Answers without usage: their tokens and cost are unknown, not 0."
)
COST = Metric("llm_cost_dollars_total", (*_CALL, "cost_source"), "Cost of all billed attempts, in US dollars.")
UNPRICED = Metric("llm_unpriced_requests_total", ("model",), "Billed attempts at a model without a price.")
RETRY_COST = Metric(
    "llm_retry_cost_dollars_total", _MODEL, "Cost of attempts whose answer was not used, in US dollars."
)
FINISH_REASON = Metric("llm_finish_reasons_total", (*_MODEL, "reason"), "Finish reasons of answers.")
EVAL_SCORE = Metric("llm_eval_score", (*_MODEL, "metric"), "Scores of evaluated answers, 0 to 1.", RATIO_BUCKETS)
FAITHFULNESS_SCORE = Metric(
    "llm_faithfulness_score", _MODEL, "Mean of at most 50 newest faithfulness scores of the last hour."
)
ANSWER_RELEVANCE_SCORE = Metric(
    "llm_answer_relevance_score", _MODEL, "Mean of at most 50 newest relevance scores of the last hour."
)
EVAL_SAMPLES = Metric("llm_eval_samples_total", ("endpoint", "evaluator", "result"), "Answers that were evaluated.")
EVAL_COST = Metric(
    "llm_eval_cost_dollars_total", ("evaluator", "model"), "Cost of the evaluation itself, in US dollars."
)
WEEKLY_SCORE = Metric("llm_quality_weekly_score", ("metric", "week"), "Mean score of an ISO week.")
WEEKLY_SAMPLES = Metric("llm_quality_weekly_samples", ("metric", "week"), "Samples of a weekly score.")
WEEKLY_CHANGE = Metric(
    "llm_quality_weekly_change_ratio",
    ("metric",),
    "Change of the last full week against the week before; -0.06 is 6 % lower.",
)
FEEDBACK = Metric("llm_feedback_total", (*_MODEL, "value"), "Thumbs up and down from users.")
CONTEXT_UTILISATION = Metric(
    "llm_context_utilisation_ratio", _MODEL, "Prompt tokens divided by the model's context window.", RATIO_BUCKETS
)
QUEUE_DEPTH = Metric("llm_queue_depth", ("endpoint",), "Generations that wait in the queue.")
QUEUE_CAPACITY = Metric("llm_queue_capacity", ("endpoint",), "How many generations can wait in the queue.")
IN_FLIGHT = Metric("llm_in_flight_requests", ("endpoint",), "Generations being answered, without the queued ones.")
REJECTED = Metric("llm_rejected_requests_total", ("endpoint", "reason"), "Requests that never reached a model.")
ACTIVE_USERS = Metric(
    "llm_active_users",
    ("endpoint",),
    "Distinct users of the last 5 minutes; `all` counts each user once, so do not sum.",
)
CACHE_REQUESTS = Metric(
    "llm_cache_requests_total", ("endpoint", "result"), "Look-ups in the application's answer cache."
)
PROVIDER_ATTEMPTS = Metric(
    "llm_provider_attempts_total", ("provider", "model", "outcome"), "Attempts at a provider, retries included."
)
RETRIES = Metric("llm_retries_total", ("provider", "model", "reason"), "Attempts repeated on the same model.")
FALLBACKS = Metric(
    "llm_fallbacks_total", ("from_model", "to_model", "reason"), "Attempts at another model than before."
)
BREAKER_STATE = Metric("llm_circuit_breaker_state", ("provider", "model"), "0 closed, 1 half-open, 2 open.")
SAFETY_VIOLATIONS = Metric("llm_safety_violations_total", ("endpoint", "kind"), "Input or output that was refused.")
BUILD_INFO = Metric("llm_build_info", ("version", "prompt_version"), "Always 1. New label values mean a deployment.")
PRICE_TABLE_TIMESTAMP = Metric(
    "llm_price_table_timestamp_seconds", (), "When the prices in use were last known to be right, in Unix seconds."
)
LABEL_OVERFLOW = Metric("llm_label_overflow_total", ("label",), "Label values that were replaced by `other`.")
TELEMETRY_FAILURES = Metric(
    "llm_telemetry_failures_total", ("signal",), "Failures to record telemetry, which the application does not see."
)

METRICS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
TELEMETRY_SIGNALS: Final = ("trace", "metric", "log", "content")

# --- Spans --------------------------------------------------------------------------------------

SPAN_GENERATE: Final = "generate"
SPAN_RETRIEVAL: Final = "retrieval"
SPAN_EVALUATE: Final = "evaluate"
OPERATION_CHAT: Final = "chat"
OPERATION_EMBEDDINGS: Final = "embeddings"

GEN_AI_OPERATION: Final = "gen_ai.operation.name"
GEN_AI_PROVIDER: Final = "gen_ai.provider.name"
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
GEN_AI_RESPONSE_MODEL: Final = "gen_ai.response.model"
GEN_AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
GEN_AI_CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
GEN_AI_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
GEN_AI_TTFC: Final = "gen_ai.response.time_to_first_chunk"  # s
GEN_AI_INPUT_MESSAGES: Final = "gen_ai.input.messages"  # content capture only, redacted
GEN_AI_OUTPUT_MESSAGES: Final = "gen_ai.output.messages"  # content capture only, redacted
ERROR_TYPE: Final = "error.type"

LLM_MODEL: Final = "llm.model"
LLM_STATUS: Final = "llm.status"
LLM_LATENCY_MS: Final = "llm.latency_ms"
LLM_TTFT_MS: Final = "llm.ttft_ms"
LLM_QUEUE_MS: Final = "llm.queue_ms"
LLM_INPUT_TOKENS: Final = "llm.input_tokens"
LLM_OUTPUT_TOKENS: Final = "llm.output_tokens"
LLM_COST_USD: Final = "llm.cost_usd"
LLM_COST_SOURCE: Final = "llm.cost_source"
LLM_PROMPT_HASH: Final = "llm.prompt_hash"
LLM_PROMPT_VERSION: Final = "llm.prompt_version"
LLM_ENDPOINT: Final = "llm.endpoint"
LLM_TENANT_ID: Final = "llm.tenant_id"
LLM_USER_ID: Final = "llm.user_id"
LLM_ATTEMPT: Final = "llm.attempt"

LLM_FALLBACK_FROM: Final = "llm.fallback_from"
LLM_RETRIEVAL_CHUNKS: Final = "llm.retrieval.chunks"
LLM_RETRIEVAL_SCORES: Final = "llm.retrieval.scores"
LLM_RETRIEVAL_MS: Final = "llm.retrieval_ms"

RESOURCE_NATIVE: Final = "llm.telemetry.native"  # true: the process records its own metrics

# --- Logs ---------------------------------------------------------------------------------------

EVENT_CALL: Final = "llm_call"
EVENT_EVALUATION: Final = "llm_evaluation"
EVENT_FEEDBACK: Final = "llm_feedback"

LOG_FIELDS: Final = (
    "timestamp", "level", "event", "trace_id", "span_id", "service", "endpoint", "user_id", "tenant_id", "model",
    "model_version", "input_tokens", "output_tokens", "latency_ms", "ttft_ms", "retrieval_ms", "cost_usd",
    "cost_source", "cache_hit", "retrieval_chunks", "prompt_hash", "prompt_version", "attempts", "fallback_from",
    "status", "error_type", "finish_reason", "faithfulness_score", "answer_relevance_score",
)  # fmt: skip
