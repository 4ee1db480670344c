"""All names are those of the public contract. The contract is repeated here, so that a rename must be made twice."""

from __future__ import annotations

import pytest

from llm_telemetry import names

METRICS = """
llm_requests_total                counter   endpoint model tenant status
llm_embedding_requests_total      counter   endpoint model status
llm_errors_total                  counter   endpoint model tenant error_type
llm_latency_ms                    histogram endpoint model
llm_ttft_ms                       histogram endpoint model
llm_retrieval_latency_ms          histogram endpoint
llm_input_tokens_total            counter   endpoint model tenant
llm_output_tokens_total           counter   endpoint model tenant
llm_cached_input_tokens_total     counter   endpoint model tenant
llm_usage_unknown_total           counter   endpoint model
llm_cost_dollars_total            counter   endpoint model tenant cost_source
llm_unpriced_requests_total       counter   model
llm_retry_cost_dollars_total      counter   endpoint model
llm_finish_reasons_total          counter   endpoint model reason
llm_eval_score                    histogram endpoint model metric
llm_faithfulness_score            gauge     endpoint model
llm_answer_relevance_score        gauge     endpoint model
llm_eval_samples_total            counter   endpoint evaluator result
llm_eval_cost_dollars_total       counter   evaluator model
llm_quality_weekly_score          gauge     metric week
llm_quality_weekly_samples        gauge     metric week
llm_quality_weekly_change_ratio   gauge     metric
llm_feedback_total                counter   endpoint model value
llm_context_utilisation_ratio     histogram endpoint model
llm_queue_depth                   gauge     endpoint
llm_queue_capacity                gauge     endpoint
llm_in_flight_requests            gauge     endpoint
llm_rejected_requests_total       counter   endpoint reason
llm_active_users                  gauge     endpoint
llm_cache_requests_total          counter   endpoint result
llm_provider_attempts_total       counter   provider model outcome
llm_retries_total                 counter   provider model reason
llm_fallbacks_total               counter   from_model to_model reason
llm_circuit_breaker_state         gauge     provider model
llm_safety_violations_total       counter   endpoint kind
llm_build_info                    gauge     version prompt_version
llm_price_table_timestamp_seconds gauge
llm_label_overflow_total          counter   label
llm_telemetry_failures_total      counter   signal
"""


SPAN_ATTRIBUTES = """
gen_ai.operation.name gen_ai.provider.name gen_ai.request.model gen_ai.response.model gen_ai.usage.input_tokens
gen_ai.usage.output_tokens gen_ai.usage.cache_read.input_tokens gen_ai.response.finish_reasons
gen_ai.response.time_to_first_chunk error.type llm.model llm.latency_ms llm.ttft_ms llm.input_tokens llm.output_tokens
llm.cost_usd llm.cost_source llm.prompt_hash llm.prompt_version llm.endpoint llm.tenant_id llm.user_id llm.attempt
llm.telemetry.native
"""


LOG_FIELDS = """
timestamp trace_id span_id service endpoint user_id tenant_id model input_tokens output_tokens latency_ms cost_usd
cache_hit retrieval_chunks ttft_ms retrieval_ms prompt_hash prompt_version model_version attempts fallback_from
error_type finish_reason cost_source level event faithfulness_score answer_relevance_score
"""


def test_metrics_have_the_names_of_the_contract() -> None:
    contract = {name: (kind, tuple(labels)) for name, kind, *labels in map(str.split, METRICS.strip().splitlines())}
    assert {metric.name: (metric.kind, metric.labels) for metric in names.METRICS} == contract


def test_span_attributes_have_the_names_of_the_contract() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)}
    assert set(SPAN_ATTRIBUTES.split()) - known == set()


def test_log_fields_have_the_names_of_the_contract() -> None:
    assert set(LOG_FIELDS.split()) - set(names.LOG_FIELDS) == set()
    assert set(names.LOG_FIELDS) - set(LOG_FIELDS.split()) == {"status"}  # added to the contract by the library


def test_label_values_are_those_of_the_contract() -> None:
    assert names.STATUSES == ("ok", "error", "cancelled")
    assert set(names.ERROR_TYPES) == {
        "rate_limit", "server_error", "timeout", "connection", "invalid_request", "circuit_open", "validation_failed",
        "hallucination", "content_filter", "prompt_injection", "other",
    }  # fmt: skip
    assert names.COST_SOURCES == ("table", "reported", "unpriced")
    assert names.FINISH_REASONS == ("stop", "length", "content_filter", "tool_calls", "other")
    assert names.EVAL_METRICS == ("faithfulness", "answer_relevance")
    assert names.EVAL_RESULTS == ("scored", "failed", "skipped")
    assert names.REJECTION_REASONS == ("bad_input", "queue_full", "unauthorized")
    assert names.SAFETY_KINDS == ("content_filter", "prompt_injection", "pii")
    assert names.FEEDBACK_VALUES == ("up", "down")
    assert (names.BREAKER_CLOSED, names.BREAKER_HALF_OPEN, names.BREAKER_OPEN) == (0, 1, 2)


def test_buckets_contain_the_limits_of_alerts() -> None:
    assert {1000, 3000} <= set(names.LATENCY_BUCKETS_MS)
    assert {0.7, 0.75, 0.8} <= set(names.RATIO_BUCKETS)
    assert list(names.LATENCY_BUCKETS_MS) == sorted(set(names.LATENCY_BUCKETS_MS))
    assert names.RATIO_BUCKETS[-1] == 1.0


@pytest.mark.parametrize("forbidden", ["trace_id", "span_id", "user", "user_id", "prompt", "prompt_hash", "message"])
def test_no_metric_has_an_unbounded_label(forbidden: str) -> None:
    assert all(forbidden not in metric.labels for metric in names.METRICS)
