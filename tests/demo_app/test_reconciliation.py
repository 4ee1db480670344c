"""A thousand mixed requests: metrics, log lines, spans and the provider's ledger agree."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
import pytest
from demo_live import ANSWER, STREAM, SUMMARISE, App, Provider, Start, cost_of, series, wait_for

from demo_app.articles import example_questions

REQUESTS, LEFT, AT_ONCE = 1_000, 40, 60
TENANTS = ("acme", "globex", "initech", None)
FAULTS: dict[str, dict[str, Any]] = {
    "rate_limit": {"probability": 0.05, "retry_after_s": 0},
    "server_error": {"probability": 0.05},
    "usage_omitted": {"probability": 0.05},
    "truncated_stream": {"probability": 0.04, "after_chunks": 20},
    "content_filter": {"probability": 0.04},
    "empty_answer": {"probability": 0.04},
}
# Outcomes in telemetry by outcome in the ledger. A client that disconnects makes any of them `cancelled`.
SEEN_AS = {
    "ok": {"ok", "validation_failed"},
    "rate_limit": {"rate_limit"},
    "server_error": {"server_error"},
    "truncated": {"connection"},
    "content_filter": {"content_filter"},
    "client_gone": set(),
}


async def one_request(client: httpx.AsyncClient, app: App, chance: random.Random, leaves: bool) -> str:
    """Returns the HTTP status, the last event of a stream, or `hung up`."""
    path = STREAM if leaves else chance.choice([ANSWER, ANSWER, STREAM, STREAM, SUMMARISE])
    question = chance.choice(example_questions())
    if chance.random() < 0.7:
        question += f" ({chance.randrange(10**9)})"
    tenant = chance.choice(TENANTS)
    headers = {"x-user-id": f"user-{chance.randrange(50)}"} | ({"x-tenant-id": tenant} if tenant else {})
    body = {"query" if path == SUMMARISE else "question": question}
    if path != STREAM:
        return str((await client.post(app.url + path, json=body, headers=headers)).status_code)
    leaves = leaves or chance.random() < 0.15
    event = ""
    async with client.stream("POST", app.url + path, json=body, headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            if leaves and event == "token":
                return "hung up"
    return event or str(response.status_code)


async def drive(app: App, requests: int, leave: bool) -> Counter[str]:
    chance = random.Random(requests)
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=AT_ONCE)) as client:

        async def one(seed: float) -> str:
            async with limit:
                return await one_request(client, app, random.Random(seed), leave)

        return Counter(await asyncio.gather(*(one(chance.random()) for _ in range(requests))))


def quiet(app: App) -> bool:
    now = app.metrics()
    return all(now[series("llm_in_flight_requests", endpoint=path)] == 0 for path in (ANSWER, STREAM, SUMMARISE))


def by(app: App, metric: str, *labels: str) -> dict[tuple[str, ...], float]:
    """How far `metric` has moved, summed by these labels."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for name, value in app.changed(metric + "{").items():
        values = dict(pair.split("=") for pair in name[len(metric) + 1 : -1].split(","))
        sums[tuple(values[label].strip('"') for label in labels)] += value
    return dict(sums)


def told(spans: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes of the model call of a ledger entry: its span is the parent of the HTTP request's span."""
    request = spans[entry["span_id"]]
    attributes: Mapping[str, Any] = spans[f"{request.parent.span_id:016x}"].attributes
    return attributes


@pytest.fixture
def app(start: Start, brisk_provider: Provider) -> App:
    patient = {"connect_timeout_s": 60.0, "read_timeout_s": 60.0, "attempt_timeout_s": 60.0}
    breakers = {"breaker_failures": 3, "breaker_open_s": 0.05}
    queues = {"concurrency": 10, "queue_capacity": 12}
    app = start(index=False, retry_budget=True, summary_top_k=8, **patient, **breakers, **queues)
    wait_for(lambda: app.http.get(app.url + "/healthz").status_code == 200, "the index is not built")
    brisk_provider.reset()
    app.spans_out.clear()
    app.baseline = app.metrics()
    return app


def test_metrics_logs_spans_and_ledger_agree(app: App, brisk_provider: Provider) -> None:
    provider = brisk_provider
    for name, parameters in FAULTS.items():
        provider.fault(name, **parameters)
    seen = asyncio.run(drive(app, REQUESTS - LEFT, leave=False))
    provider.fault("latency", multiplier=1_000, model="gpt-4o")
    provider.fault("latency", multiplier=1_000, model="gpt-4o-mini")
    seen += asyncio.run(drive(app, LEFT, leave=True))
    entries = provider.entries()
    wait_for(lambda: quiet(app), "generations are in flight")
    provider.without_faults()
    assert seen.total() == REQUESTS
    assert {"200", "done", "error", "hung up", "422"} <= set(seen), seen

    spans = {f"{span.context.span_id:016x}": span for span in app.spans()}
    calls = [(entry, told(spans, entry)) for entry in entries]
    assert_attempts(app, entries, calls)
    assert_usage(app, calls)
    assert_requests(app, seen)
    assert_log_lines(app, calls)
    print_numbers(app, seen, entries)


Calls = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]


def assert_attempts(app: App, entries: Sequence[Mapping[str, Any]], calls: Calls) -> None:
    """Every request in the ledger is one attempt, with an outcome that fits the ledger's outcome."""
    assert len({entry["span_id"] for entry in entries}) == len(entries)
    attempts: Counter[tuple[str, ...]] = Counter()
    outcomes = by(app, "llm_provider_attempts_total", "model", "outcome")
    for entry, call in calls:
        outcome = call.get("error.type") or ("cancelled" if entry["outcome"] == "client_gone" else "ok")
        attempts[entry["model"], outcome] += 1
        assert call["llm.model"] == entry["model"]
        assert outcome in SEEN_AS[entry["outcome"]] | {"ok", "cancelled"}, (entry, call)
    late = {model: outcomes.get((model, "cancelled"), 0) - attempts[model, "cancelled"] for model, _ in outcomes}
    for model, cancelled_late in late.items():  # the provider was done when the client hung up
        attempts[model, "cancelled"] += int(cancelled_late)
        attempts[model, "ok"] -= int(cancelled_late)
        assert cancelled_late >= 0
    assert {key: count for key, count in attempts.items() if count} == outcomes
    assert sum(outcomes.values()) == len(entries)


def assert_usage(app: App, calls: Calls) -> None:
    """Tokens and cost are those of the calls whose usage was sent and read."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    unknown = 0
    counted = []
    for entry, call in calls:
        if "llm.input_tokens" not in call:
            begun = entry["stream"] and entry["http_status"] == 200
            unknown += begun or entry["outcome"] in ("ok", "content_filter")
            continue
        assert entry["usage_sent"], entry
        assert call["llm.input_tokens"] == entry["prompt_tokens"]
        assert call["llm.output_tokens"] == entry["completion_tokens"]
        assert call["gen_ai.usage.cache_read.input_tokens"] == entry["cached_tokens"]
        assert call["llm.cost_usd"] == pytest.approx(cost_of(entry), abs=1e-12)
        counted.append(entry)
        for metric, field in TOKENS.items():
            sums[metric, entry["model"]] += entry[field]
    for metric in TOKENS:
        moved = {model: value for (model,), value in by(app, metric, "model").items()}
        assert moved == {model: value for (name, model), value in sums.items() if name == metric and value}
    assert app.total("llm_cost_dollars_total") == pytest.approx(cost_of(*counted), abs=1e-9)
    lost = [entry for entry, call in calls if entry["usage_sent"] and "llm.input_tokens" not in call]
    assert all(entry["stream"] for entry in lost), "usage is lost only when the client of a stream disconnected"
    assert app.total("llm_usage_unknown_total") == unknown


TOKENS = {
    "llm_input_tokens_total": "prompt_tokens",
    "llm_output_tokens_total": "completion_tokens",
    "llm_cached_input_tokens_total": "cached_tokens",
}


def assert_requests(app: App, seen: Counter[str]) -> None:
    """Every request of a client is a generation, a cache hit or a rejection."""
    hits = app.total("llm_cache_requests_total", result="hit")
    rejected = app.total("llm_rejected_requests_total")
    generations = app.total("llm_requests_total")
    assert hits > 0
    assert generations + hits + rejected == REQUESTS
    assert app.total("llm_cache_requests_total", result="miss") == generations
    assert app.total("llm_rejected_requests_total", reason="queue_full") == rejected == seen["429"]
    errors = app.total("llm_requests_total", status="error")
    assert app.total("llm_errors_total") == errors
    ok = app.total("llm_requests_total", status="ok")
    # A client that disconnected does not know the result.
    unseen = {
        "error": errors - sum(seen[outcome] for outcome in ("error", "422", "502", "503", "504")),
        "ok": ok + hits - seen["200"] - seen["done"],
        "cancelled": app.total("llm_requests_total", status="cancelled"),
    }
    assert min(unseen.values()) >= 0
    assert unseen["cancelled"] > 0
    assert sum(unseen.values()) == seen["hung up"]
    assert app.total("llm_latency_ms_count") == ok
    assert app.total("llm_retrieval_latency_ms_count") == generations
    assert app.metrics()[series("llm_queue_depth", endpoint=STREAM)] == 0
    second = (
        app.total("llm_retries_total")
        + app.total("llm_fallbacks_total")
        - app.total("llm_fallbacks_total", reason="circuit_open")
    )
    assert second <= 0.2 * generations


def assert_log_lines(app: App, calls: Calls) -> None:
    """Sums over the log lines are those of the metrics and of the ledger."""
    lines = app.calls()
    assert len(lines) == app.total("llm_requests_total") + app.total("llm_cache_requests_total", result="hit")
    assert len(app.records()) == len(lines)
    generated = [line for line in lines if not line["cache_hit"]]
    statuses = Counter(
        (line["endpoint"], line["model"], line["tenant_id"] or "other", line["status"]) for line in generated
    )
    assert statuses == by(app, "llm_requests_total", "endpoint", "model", "tenant", "status")
    errors = Counter((line["endpoint"], line["error_type"]) for line in generated if line["error_type"])
    assert errors == by(app, "llm_errors_total", "endpoint", "error_type")
    chats = [(entry, call) for entry, call in calls if entry["endpoint"] == "chat"]
    assert sum(line["attempts"] for line in generated) == len(chats)
    read = [entry for entry, call in chats if "llm.input_tokens" in call]
    embedded = [entry for entry, call in calls if entry["endpoint"] == "embeddings" and "llm.input_tokens" in call]
    assert sum(line["input_tokens"] or 0 for line in lines) == sum(entry["prompt_tokens"] for entry in read)
    assert sum(line["output_tokens"] or 0 for line in lines) == sum(entry["completion_tokens"] for entry in read)
    assert sum(line["cost_usd"] or 0 for line in lines) == pytest.approx(cost_of(*read), abs=1e-9)
    total = app.total("llm_cost_dollars_total")
    assert total - cost_of(*embedded) == pytest.approx(cost_of(*read), abs=1e-9)
    of_trace: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry, call in chats:
        of_trace[entry["trace_id"]].append(entry | {"read": "llm.input_tokens" in call})
    for line in generated:
        theirs = of_trace[line["trace_id"]]
        assert line["attempts"] == len(theirs)
        assert (line["output_tokens"] or 0) == sum(entry["completion_tokens"] for entry in theirs if entry["read"])


def print_numbers(app: App, seen: Counter[str], entries: Sequence[Mapping[str, Any]]) -> None:
    """For `pytest -s`."""
    with suppress(ZeroDivisionError):
        print(  # noqa: T201
            f"\n{dict(seen)}; provider: {len(entries)} requests, "
            f"{dict(Counter(entry['outcome'] for entry in entries))}; "
            f"tokens in/out/cached {[app.total(metric) for metric in TOKENS]}; "
            f"${app.total('llm_cost_dollars_total'):.6f}; "
            f"errors {by(app, 'llm_errors_total', 'error_type')}; retries {app.total('llm_retries_total')}; "
            f"fallbacks {by(app, 'llm_fallbacks_total', 'reason')}"
        )
