"""Known requests: every value in telemetry is that of the provider's ledger."""

from __future__ import annotations

import re

import pytest
from demo_live import ANSWER, QUESTION, STREAM, SUMMARISE, App, Provider, cost_of, series, tree
from opentelemetry.trace import SpanKind

from llm_telemetry import names
from llm_telemetry.privacy import Hasher

USER = Hasher("salt").user("user-4711")


TIMES = {"timestamp", "latency_ms", "ttft_ms", "retrieval_ms", "span_id", "trace_id", "prompt_hash"}


def test_span_tree_of_an_answer(app: App, provider: Provider) -> None:
    answer = app.ask()
    assert answer.status_code == 200
    assert tree(app, ANSWER) == {
        f"POST {ANSWER}": None,
        "retrieval": f"POST {ANSWER}",
        "embeddings text-embedding-3-small": "retrieval",
        "POST embeddings text-embedding-3-small": "embeddings text-embedding-3-small",
        "generate": f"POST {ANSWER}",
        "chat gpt-4o": "generate",
        "POST chat gpt-4o": "chat gpt-4o",
    }
    kinds = {span.name: span.kind for span in app.spans()}
    assert kinds[f"POST {ANSWER}"] is SpanKind.SERVER
    assert kinds["generate"] is kinds["retrieval"] is SpanKind.INTERNAL
    assert kinds["chat gpt-4o"] is kinds["embeddings text-embedding-3-small"] is SpanKind.CLIENT
    assert len({span.context.trace_id for span in app.spans()}) == 1


def test_one_trace_id_everywhere(app: App, provider: Provider) -> None:
    answer = app.ask()
    trace_id = answer.headers["x-trace-id"]
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert answer.json()["trace_id"] == trace_id == app.call()["trace_id"]
    assert {entry["trace_id"] for entry in provider.entries()} == {trace_id}
    assert {f"{span.context.trace_id:032x}" for span in app.spans()} == {trace_id}
    (record,) = app.records()
    assert f"{record.trace_id:032x}" == trace_id
    generate = app.span("generate")
    assert f"{generate.context.span_id:016x}" == app.call()["span_id"] == f"{record.span_id:016x}"


def test_a_traceparent_header_continues_the_trace(app: App, provider: Provider) -> None:
    given = "0af7651916cd43dd8448eb211c80319c"
    answer = app.ask(traceparent=f"00-{given}-b7ad6b7169203331-01")
    assert answer.headers["x-trace-id"] == given == provider.chats()[0]["trace_id"]
    assert app.span(f"POST {ANSWER}").parent.span_id == 0xB7AD6B7169203331


def test_attributes_of_the_model_call(app: App, provider: Provider) -> None:
    app.ask()
    (chat,) = provider.chats()
    attributes = dict(app.span("chat gpt-4o").attributes)
    assert attributes.pop(names.LLM_LATENCY_MS) > 0
    assert re.fullmatch("[0-9a-f]{16}", attributes.pop(names.LLM_PROMPT_HASH))
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-11-20",
        "gen_ai.usage.input_tokens": chat["prompt_tokens"],
        "gen_ai.usage.output_tokens": chat["completion_tokens"],
        "gen_ai.usage.cache_read.input_tokens": chat["cached_tokens"],
        "gen_ai.response.finish_reasons": ("stop",),
        "llm.model": "gpt-4o",
        "llm.input_tokens": chat["prompt_tokens"],
        "llm.output_tokens": chat["completion_tokens"],
        "llm.cost_usd": pytest.approx(cost_of(chat), abs=1e-12),
        "llm.cost_source": "table",
        "llm.prompt_version": "v1",
        "llm.endpoint": ANSWER,
        "llm.tenant_id": "acme",
        "llm.user_id": USER,
        "llm.attempt": 1,
    }


def test_attributes_of_retrieval_and_embedding(app: App, provider: Provider) -> None:
    answer = app.ask().json()
    (embedding,) = provider.entries("embeddings")
    attributes = app.span("embeddings text-embedding-3-small").attributes
    assert attributes["gen_ai.operation.name"] == "embeddings"
    assert attributes["gen_ai.usage.input_tokens"] == attributes["llm.input_tokens"] == embedding["prompt_tokens"]
    assert attributes["llm.cost_usd"] == pytest.approx(cost_of(embedding), abs=1e-15)
    retrieval = app.span("retrieval").attributes
    assert retrieval["llm.retrieval.chunks"] == 4
    assert list(retrieval["llm.retrieval.scores"]) == [source["score"] for source in answer["sources"]]
    assert retrieval["llm.endpoint"] == ANSWER


def test_tokens_and_cost_are_on_model_spans_only(app: App) -> None:
    app.ask()
    tree(app, ANSWER)
    with_tokens = {
        span.name for span in app.spans() if any("tokens" in key or "cost" in key for key in span.attributes)
    }
    assert with_tokens == {"chat gpt-4o", "embeddings text-embedding-3-small"}


def test_no_question_and_no_answer_on_any_signal(app: App) -> None:
    answer = app.ask(user := "Is the Zanzibar locker cheaper?", **{"x-user-id": "secret-user"})
    tree(app, ANSWER)
    everything = "".join(span.to_json() for span in app.spans()) + app.stdout.getvalue()
    everything += "".join(entry.to_json() for entry in app.records_out.get_finished_logs())
    for text in (user, answer.json()["answer"], "secret-user", "Zanzibar"):
        assert text not in everything


def test_log_line_of_an_answer(app: App, provider: Provider) -> None:
    answer = app.ask().json()
    (chat,) = provider.chats()
    line = app.call()
    assert set(line) == set(names.LOG_FIELDS)
    assert {field: value for field, value in line.items() if field not in TIMES} == {
        "level": "info",
        "event": "llm_call",
        "service": "demo-app",
        "endpoint": ANSWER,
        "user_id": USER,
        "tenant_id": "acme",
        "model": "gpt-4o",
        "model_version": "gpt-4o-2024-11-20",
        "input_tokens": chat["prompt_tokens"],
        "output_tokens": chat["completion_tokens"],
        "cost_usd": pytest.approx(cost_of(chat), abs=1e-12),
        "cost_source": "table",
        "cache_hit": False,
        "retrieval_chunks": 4,
        "prompt_version": "v1",
        "attempts": 1,
        "fallback_from": None,
        "status": "ok",
        "error_type": None,
        "finish_reason": "stop",
        "faithfulness_score": None,
        "answer_relevance_score": None,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
    assert line["latency_ms"] == pytest.approx(answer["latency_ms"], abs=0.001)
    assert line["retrieval_ms"] == pytest.approx(answer["retrieval_ms"], abs=0.001)
    assert line["ttft_ms"] is None
    assert line["prompt_hash"] == app.span("chat gpt-4o").attributes["llm.prompt_hash"]


def test_the_log_record_has_the_fields_of_the_log_line(app: App) -> None:
    app.ask()
    (record,) = app.records()
    line = app.call()
    own = {"timestamp", "trace_id", "span_id"}
    assert record.attributes == {key: value for key, value in line.items() if value is not None and key not in own}


def test_details_of_an_answer(app: App, provider: Provider) -> None:
    answer = app.ask().json()
    (chat,) = provider.chats()
    assert answer["usage"] == {
        "input_tokens": chat["prompt_tokens"],
        "output_tokens": chat["completion_tokens"],
        "cached_input_tokens": chat["cached_tokens"],
    }
    assert answer["cost_usd"] == pytest.approx(cost_of(chat), abs=1e-12)
    assert (answer["model"], answer["cache_hit"], answer["attempts"], answer["fallback_from"]) == (
        "gpt-4o",
        False,
        1,
        None,
    )
    assert answer["sources"][0]["id"] == "annual-billing"
    assert answer["answer"]


def test_metrics_of_an_answer(app: App, provider: Provider) -> None:
    app.ask()
    (chat,), (embedding,) = provider.chats(), provider.entries("embeddings")
    place = {"endpoint": ANSWER, "model": "gpt-4o"}
    call = place | {"tenant": "acme"}
    embedded = {"endpoint": ANSWER, "model": "text-embedding-3-small"}
    cached = {series("llm_cached_input_tokens_total", **call): chat["cached_tokens"]} if chat["cached_tokens"] else {}
    assert app.changed() == cached | {
        series("llm_requests_total", **call, status="ok"): 1,
        series("llm_embedding_requests_total", **embedded, status="ok"): 1,
        series("llm_latency_ms_count", **place): 1,
        series("llm_retrieval_latency_ms_count", endpoint=ANSWER): 1,
        series("llm_context_utilisation_ratio_count", **place): 1,
        series("llm_input_tokens_total", **call): chat["prompt_tokens"],
        series("llm_output_tokens_total", **call): chat["completion_tokens"],
        series("llm_input_tokens_total", **embedded, tenant="acme"): embedding["prompt_tokens"],
        series("llm_cost_dollars_total", **call, cost_source="table"): pytest.approx(cost_of(chat), abs=1e-9),
        series("llm_cost_dollars_total", **embedded, tenant="acme", cost_source="table"): pytest.approx(
            cost_of(embedding), abs=1e-9
        ),
        series("llm_finish_reasons_total", **place, reason="stop"): 1,
        series("llm_cache_requests_total", endpoint=ANSWER, result="miss"): 1,
        series("llm_provider_attempts_total", provider="openai", model="gpt-4o", outcome="ok"): 1,
        series("llm_provider_attempts_total", provider="openai", model="text-embedding-3-small", outcome="ok"): 1,
    }


def test_no_user_trace_or_hash_is_a_metric_label(app: App) -> None:
    trace_id = app.ask().headers["x-trace-id"]
    labels = " ".join(app.metrics())
    for value in ("user-4711", USER, trace_id, app.call()["prompt_hash"], "prompt_hash"):
        assert value not in labels


def test_latency_has_the_trace_as_exemplar(app: App) -> None:
    trace_id = app.ask().headers["x-trace-id"]
    of_latency = [
        line for line in app.scrape().splitlines() if line.startswith("llm_latency_ms_bucket") and trace_id in line
    ]
    assert len(of_latency) == 1


def test_active_users_are_distinct(app: App) -> None:
    for user in ("a", "b", "a"):
        app.ask(**{"x-user-id": user})
    app.summarise(**{"x-user-id": "a"})
    now = app.metrics()
    assert now[series("llm_active_users", endpoint=ANSWER)] == 2
    assert now[series("llm_active_users", endpoint=SUMMARISE)] == 1
    assert now[series("llm_active_users", endpoint="all")] == 2


def test_stream_is_sources_then_tokens_then_done(app: App, provider: Provider) -> None:
    streamed = app.stream()
    assert streamed.response.headers["content-type"].startswith("text/event-stream")
    order = [name for name, _ in streamed.events]
    assert (order[0], order[-1]) == ("sources", "done")
    assert set(order[1:-1]) == {"token"}
    (chat,) = provider.chats()
    assert len(order) - 2 == chat["completion_tokens"]
    done = streamed.one("done")
    assert done["usage"]["output_tokens"] == chat["completion_tokens"]
    assert done["trace_id"] == streamed.response.headers["x-trace-id"] == chat["trace_id"]
    assert 0 < done["ttft_ms"] <= done["latency_ms"]
    assert streamed.one("sources")[0]["id"] == "annual-billing"


def test_the_streamed_text_is_cached(app: App) -> None:
    first = app.stream()
    again = app.stream()
    assert again.one("done")["cache_hit"] is True
    assert again.text == first.text != ""


def test_span_tree_of_a_stream(app: App) -> None:
    app.stream()
    assert tree(app, STREAM) == {
        f"POST {STREAM}": None,
        "retrieval": f"POST {STREAM}",
        "embeddings text-embedding-3-small": "retrieval",
        "POST embeddings text-embedding-3-small": "embeddings text-embedding-3-small",
        "generate": f"POST {STREAM}",
        "chat gpt-4o": "generate",
        "POST chat gpt-4o": "chat gpt-4o",
    }


def test_time_to_first_token_is_on_every_signal(app: App) -> None:
    app.stream()
    chat, generate, line = app.span("chat gpt-4o"), app.span("generate"), app.call()
    assert chat.attributes["gen_ai.response.time_to_first_chunk"] == pytest.approx(chat.attributes["llm.ttft_ms"] / 1e3)
    assert 0 < chat.attributes["llm.ttft_ms"] <= generate.attributes["llm.ttft_ms"]
    assert line["ttft_ms"] == pytest.approx(generate.attributes["llm.ttft_ms"], abs=0.001)
    assert line["retrieval_ms"] is not None
    assert app.changed("llm_ttft_ms") == {series("llm_ttft_ms_count", endpoint=STREAM, model="gpt-4o"): 1}
    assert line["tenant_id"] == "acme"
    assert line["user_id"] == USER


def test_a_stream_counts_requests_tokens_and_cost(app: App, provider: Provider) -> None:
    app.stream()
    (chat,) = provider.chats()
    assert app.total("llm_requests_total", endpoint=STREAM, tenant="acme", status="ok") == 1
    assert app.total("llm_output_tokens_total", model="gpt-4o") == chat["completion_tokens"]
    assert app.total("llm_cost_dollars_total", model="gpt-4o") == pytest.approx(cost_of(chat), abs=1e-9)


def test_summary_has_a_long_context(app: App, provider: Provider) -> None:
    summary = app.summarise("billing").json()
    (chat,) = provider.chats()
    assert len(summary["sources"]) == 24
    assert chat["prompt_tokens"] > 4_000
    assert app.call()["endpoint"] == SUMMARISE
    assert app.call()["retrieval_chunks"] == 24


def test_cached_input_tokens_are_cheaper(app: App, provider: Provider) -> None:
    app.summarise("locker hubs and doors")
    app.summarise("locker hubs and doors", **{"x-tenant-id": "globex"})
    first, second = provider.chats()
    assert second["cached_tokens"] > 0
    assert app.total("llm_cached_input_tokens_total") == first["cached_tokens"] + second["cached_tokens"]
    assert app.total("llm_cost_dollars_total", model="gpt-4o") == pytest.approx(cost_of(first, second), abs=1e-9)
    assert app.total("llm_cost_dollars_total", tenant="globex", model="gpt-4o") == pytest.approx(
        cost_of(second), abs=1e-9
    )


def test_cache_hit_is_no_generation(app: App, provider: Provider) -> None:
    first = app.ask().json()
    generated = app.changed("llm_requests_total", "llm_cost", "llm_provider", "llm_latency", "llm_input")
    again = app.ask("  is it  CHEAPER to pay once a year? ")
    assert again.json()["answer"] == first["answer"]
    assert again.json()["sources"] == first["sources"]
    assert again.json() | {"latency_ms": 0} == first | {
        "cache_hit": True, "latency_ms": 0, "cost_usd": 0, "cost_source": None, "attempts": 0, "retrieval_ms": None,
        "usage": {"input_tokens": 0, "output_tokens": 0, "cached_input_tokens": 0},
        "trace_id": again.headers["x-trace-id"],
    }  # fmt: skip
    assert len(provider.entries()) == 2
    assert app.changed("llm_requests_total", "llm_cost", "llm_provider", "llm_latency", "llm_input") == generated
    assert app.changed("llm_cache_requests_total") == {
        series("llm_cache_requests_total", endpoint=ANSWER, result="miss"): 1,
        series("llm_cache_requests_total", endpoint=ANSWER, result="hit"): 1,
    }
    line = app.calls()[1]
    assert (line["cache_hit"], line["cost_usd"], line["model"], line["attempts"]) == (True, 0, "gpt-4o", 0)
    assert line["trace_id"] == again.headers["x-trace-id"]
    assert line["latency_ms"] == pytest.approx(again.json()["latency_ms"], abs=0.001)


@pytest.mark.parametrize("other", ["globex", None])
def test_tenants_do_not_share_answers(app: App, provider: Provider, other: str | None) -> None:
    app.ask()
    headers = {"x-tenant-id": other} if other else {}
    second = app.http.post(app.url + ANSWER, json={"question": QUESTION}, headers=headers)
    assert second.json()["cache_hit"] is False
    assert len(provider.chats()) == 2


def test_endpoints_do_not_share_answers(app: App, provider: Provider) -> None:
    app.ask()
    assert app.stream().one("done")["cache_hit"] is False


def test_requests_without_tenant_and_user_are_answered(app: App) -> None:
    assert app.http.post(app.url + ANSWER, json={"question": QUESTION}).status_code == 200
    assert app.total("llm_requests_total", tenant="other", status="ok") == 1
    assert (app.call()["tenant_id"], app.call()["user_id"]) == (None, None)


@pytest.mark.parametrize("stream", [False, True])
def test_answer_without_usage_is_unknown_not_free(app: App, provider: Provider, stream: bool) -> None:
    provider.fault("usage_omitted", model="gpt-4o")
    answer = app.stream().one("done") if stream else app.ask().json()
    assert (answer["usage"], answer["cost_usd"]) == (None, None)
    place = {"endpoint": STREAM if stream else ANSWER, "model": "gpt-4o"}
    assert app.changed("llm_usage_unknown_total") == {series("llm_usage_unknown_total", **place): 1}
    assert (
        app.total("llm_cost_dollars_total", model="gpt-4o") == app.total("llm_input_tokens_total", model="gpt-4o") == 0
    )
    assert app.total("llm_requests_total", status="ok") == 1
    line = app.call()
    assert line["input_tokens"] is line["output_tokens"] is line["cost_usd"] is line["cost_source"] is None
    assert "llm.cost_usd" not in app.span("chat gpt-4o").attributes


def test_model_without_price(start, provider: Provider) -> None:
    app = start(model="acme-experimental-1")
    answer = app.ask().json()
    (chat,) = provider.chats()
    assert (answer["cost_usd"], answer["cost_source"]) == (None, "unpriced")
    assert answer["usage"]["output_tokens"] == chat["completion_tokens"]
    assert app.total("llm_unpriced_requests_total", model="acme-experimental-1") == 1
    assert app.total("llm_cost_dollars_total", cost_source="unpriced") == 0
    assert app.total("llm_output_tokens_total", model="acme-experimental-1") == chat["completion_tokens"]
    line = app.call()
    assert (line["cost_usd"], line["cost_source"]) == (None, "unpriced")
    attributes = app.span("chat acme-experimental-1").attributes
    assert "llm.cost_usd" not in attributes
    assert attributes["llm.cost_source"] == "unpriced"


def test_an_answer_cut_at_its_length_limit_is_an_answer(start, provider: Provider) -> None:
    app = start(max_output_tokens=5)
    assert app.ask().status_code == 200
    assert app.total("llm_finish_reasons_total", reason="length") == 1
    assert app.call()["finish_reason"] == "length"


def test_no_span_per_chunk(app: App) -> None:
    app.stream()
    tree(app, STREAM)
    assert not [span.name for span in app.spans() if "http send" in span.name or "http receive" in span.name]
