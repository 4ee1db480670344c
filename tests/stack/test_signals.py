"""Metrics, trace and log line of one request in the real stores equal the provider's ledger."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from live_stack import ARRIVES_WITHIN_S, SERVICE, LiveStack
from scrape_targets import scrape_targets
from trace_spans import children_of, spans_named

from llm_telemetry import Prices, Usage
from stack.servers import full_servers, lite_servers
from stores.polling import poll_until
from stores.traces import Trace

ENDPOINT = "/api/support/answer"

# How much each counter grows by one question: by label values in the order of the labels' names. The amounts come
# from the ledger's entries.
COUNTERS = {
    "llm_requests_total": lambda one: {(ENDPOINT, "gpt-4o", "ok", "globex"): 1},
    "llm_embedding_requests_total": lambda one: {(ENDPOINT, "text-embedding-3-small", "ok"): 1},
    "llm_input_tokens_total": lambda one: {
        (ENDPOINT, "gpt-4o", "globex"): one.chat["prompt_tokens"],
        (ENDPOINT, "text-embedding-3-small", "globex"): one.embeddings["prompt_tokens"],
    },
    "llm_output_tokens_total": lambda one: {(ENDPOINT, "gpt-4o", "globex"): one.chat["completion_tokens"]},
    "llm_cached_input_tokens_total": lambda one: {(ENDPOINT, "gpt-4o", "globex"): one.chat["cached_tokens"]},
    "llm_cost_dollars_total": lambda one: {
        ("table", ENDPOINT, "gpt-4o", "globex"): one.chat_cost,
        ("table", ENDPOINT, "text-embedding-3-small", "globex"): one.embeddings_cost,
    },
    "llm_finish_reasons_total": lambda one: {(ENDPOINT, "gpt-4o", "stop"): 1},
    "llm_cache_requests_total": lambda one: {(ENDPOINT, "miss"): 1},
    "llm_provider_attempts_total": lambda one: {
        ("gpt-4o", "ok", "openai"): 1,
        ("text-embedding-3-small", "ok", "openai"): 1,
    },
    "llm_latency_ms_count": lambda one: {(ENDPOINT, "gpt-4o"): 1},
    "llm_retrieval_latency_ms_count": lambda one: {(ENDPOINT,): 1},
    "llm_context_utilisation_ratio_count": lambda one: {(ENDPOINT, "gpt-4o"): 1},
}


class OneRequest:
    """A new question, its answer and its entries in the provider's ledger."""

    def __init__(self, live: LiveStack) -> None:
        live.wait_until_scraped()
        self.before = live.counters(*COUNTERS)
        question = f"How do I put a second building on the account? (case {uuid.uuid4().hex[:8]})"
        self.answer = live.ask(question, tenant="globex")
        self.trace_id = self.answer["trace_id"]
        entries = {entry["endpoint"]: entry for entry in live.ledger(self.trace_id)}
        self.chat, self.embeddings = entries["chat"], entries["embeddings"]
        self.chat_cost, self.embeddings_cost = _cost(self.chat), _cost(self.embeddings)
        self.trace = live.trace(self.trace_id, f"POST {ENDPOINT}", "generate", "chat gpt-4o", "retrieval")
        self.line = live.log_line(self.trace_id)


@pytest.fixture(scope="module")
def one(live: LiveStack) -> OneRequest:
    return OneRequest(live)


def _cost(entry: Any) -> float:
    usage = Usage(entry["prompt_tokens"], entry["completion_tokens"], entry["cached_tokens"])
    dollars = Prices().cost(entry["model"], usage, provider="openai").dollars
    assert dollars is not None
    return dollars


@pytest.mark.parametrize("name", COUNTERS)
def test_each_counter_grows_by_the_ledgers_amount(live: LiveStack, one: OneRequest, name: str) -> None:
    expected = {(name, *labels): value for labels, value in COUNTERS[name](one).items() if value}

    def growth() -> dict[tuple[str, ...], float]:
        after: Counter[tuple[str, ...]] = live.counters(name)
        return {key: after[key] - one.before[key] for key in after if after[key] != one.before[key]}

    grown = poll_until(growth, lambda found: found.keys() == expected.keys(), ARRIVES_WITHIN_S)
    assert grown == pytest.approx(expected)


def test_the_trace_has_the_expected_tree(one: OneRequest) -> None:
    assert _tree(one.trace, None) == {
        f"POST {ENDPOINT}": {
            "retrieval": {"embeddings text-embedding-3-small": {"POST": {}}},
            "generate": {"chat gpt-4o": {"POST": {}}},
        }
    }


def test_spans_equal_the_ledger(one: OneRequest) -> None:
    [chat] = spans_named(one.trace, "chat gpt-4o")
    [embeddings] = spans_named(one.trace, "embeddings text-embedding-3-small")
    [generate] = spans_named(one.trace, "generate")
    for span, entry, cost in ((chat, one.chat, one.chat_cost), (embeddings, one.embeddings, one.embeddings_cost)):
        assert span.kind == "client"
        assert span.attributes["gen_ai.usage.input_tokens"] == entry["prompt_tokens"]
        assert span.attributes["llm.input_tokens"] == entry["prompt_tokens"]
        assert span.attributes["llm.output_tokens"] == entry["completion_tokens"]
        assert span.attributes["llm.cost_usd"] == pytest.approx(cost)
        assert span.attributes["llm.tenant_id"] == "globex"
    assert chat.attributes["gen_ai.response.finish_reasons"] in (["stop"], ("stop",))
    assert not [name for name in generate.attributes if "tokens" in name or "cost" in name]
    assert {span.resource["service.name"] for span in one.trace.spans} == {SERVICE}
    assert {str(span.resource["llm.telemetry.native"]).lower() for span in one.trace.spans} == {"true"}


def test_the_log_line_equals_the_answer_and_the_ledger(one: OneRequest) -> None:
    line, answer = one.line, one.answer
    [generate] = spans_named(one.trace, "generate")
    assert line.body == "llm_call"
    assert (line.trace_id, line.span_id) == (one.trace_id, generate.span_id)
    assert line.value("input_tokens") == one.chat["prompt_tokens"] == answer["usage"]["input_tokens"]
    assert line.value("output_tokens") == one.chat["completion_tokens"] == answer["usage"]["output_tokens"]
    assert line.value("cost_usd") == pytest.approx(one.chat_cost)
    assert line.value("cost_usd") == pytest.approx(answer["cost_usd"])
    assert line.value("latency_ms") == pytest.approx(answer["latency_ms"], abs=0.001)
    assert line.value("retrieval_chunks") == len(answer["sources"])
    assert (line.value("endpoint"), line.value("tenant_id"), line.value("model")) == (ENDPOINT, "globex", "gpt-4o")
    assert line.value("user_id") != "u1"
    assert line.value("error_type") is None


def test_an_exemplar_leads_to_its_trace_and_log_line(live: LiveStack, one: OneRequest) -> None:
    exemplars = poll_until(
        lambda: live.stores.metrics.exemplars(f'llm_latency_ms_bucket{{service="{SERVICE}"}}'),
        lambda found: one.trace_id in {exemplar.trace_id for exemplar in found},
        ARRIVES_WITHIN_S,
    )
    [exemplar] = [found for found in exemplars if found.trace_id == one.trace_id]
    assert exemplar.value == pytest.approx(one.answer["latency_ms"], abs=0.001)
    trace = live.trace(exemplar.trace_id, "generate")
    [generate] = spans_named(trace, "generate")
    assert live.log_line(trace.trace_id).span_id == generate.span_id == exemplar.labels["span_id"]


def test_every_server_of_the_stack_is_scraped(live: LiveStack) -> None:
    servers = full_servers() if live.process is None and live.stack.profile == "full" else lite_servers()
    expected = {server.name for server in servers if server.metrics}
    targets = poll_until(
        lambda: scrape_targets(live.stores.metrics.url),
        lambda found: {target.job for target in found if target.health == "up"} >= expected,
        60.0,
    )
    assert {target.job: target.last_error for target in targets if target.health != "up"} == {}
    assert poll_until(lambda: live.stores.metrics.value('up{job="apps"}'), timeout_s=ARRIVES_WITHIN_S) == 1


def test_trace_and_log_line_contain_no_question_and_no_answer(one: OneRequest) -> None:
    answer = one.answer["answer"][:40]
    everything = repr((one.trace, one.line))
    assert "second building" not in everything
    assert answer not in everything


def _tree(trace: Trace, parent: Any) -> dict[str, Any]:
    return {span.name: _tree(trace, span) for span in children_of(trace, parent)}
