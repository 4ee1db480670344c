"""The ledger counts what clients saw, in pages, and keeps a limited number of entries."""

import asyncio
import json
import tracemalloc

import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask

from sim_provider.ledger import UNKNOWN_MODEL, Ledger, LedgerEntry

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_entry_of_a_stream_has_its_usage_trace_and_times(client: OpenAI, live: Live) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=ask(),
        stream=True,
        stream_options={"include_usage": True},
        extra_headers={"traceparent": TRACEPARENT},
    )
    usage = list(stream)[-1].usage
    entry = dict(live.entry())
    assert usage is not None
    assert entry["prompt_tokens"] == usage.prompt_tokens
    assert entry["completion_tokens"] == usage.completion_tokens
    assert entry["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert entry["span_id"] == "b7ad6b7169203331"
    assert 0 <= entry["ttft_ms"] <= entry["duration_ms"]
    fixed = ("endpoint", "model", "stream", "http_status", "outcome", "usage_sent", "finish_reason", "faults")
    assert [entry[name] for name in fixed] == ["chat", "gpt-4o", True, 200, "ok", True, "stop", []]


def test_a_stream_without_include_usage_sends_no_usage(client: OpenAI, live: Live) -> None:
    list(client.chat.completions.create(model="gpt-4o", messages=ask(), stream=True))
    entry = live.entry()
    assert (entry["outcome"], entry["usage_sent"]) == ("ok", False)
    assert entry["completion_tokens"] > 0


async def test_200_concurrent_mixed_requests_are_counted_as_clients_saw_them(live: Live) -> None:
    live.fault("rate_limit", model="gpt-4o-mini", probability=0.4)
    live.fault("connection_reset", model="gpt-4.1", probability=0.3)
    live.fault("usage_omitted", model="acme-experimental-1", probability=0.5)
    live.fault("truncated_stream", model="acme-experimental-1", probability=0.3)
    seen: list[tuple[str, int, int]] = []

    async def one(number: int, client: openai.AsyncOpenAI) -> None:
        models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "acme-experimental-1", "text-embedding-3-small", "gpt-9"]
        model = models[number % len(models)]
        try:
            if model == "text-embedding-3-small":
                embedded = await client.embeddings.create(model=model, input=f"text {number}")
                seen.append(("ok", embedded.usage.prompt_tokens, 0))
                return
            messages = ask(f"How long are backups kept, take {number}?")
            if number % 2:
                usage = (await client.chat.completions.create(model=model, messages=messages)).usage
            else:
                usage = None
                options = {"include_usage": True}
                async for chunk in await client.chat.completions.create(
                    model=model, messages=messages, stream=True, stream_options=options
                ):
                    usage = chunk.usage or usage
            seen.append(("ok", usage.prompt_tokens, usage.completion_tokens) if usage else ("ok, no usage", 0, 0))
        except openai.RateLimitError:
            seen.append(("rate_limit", 0, 0))
        except openai.NotFoundError:
            seen.append(("model_not_found", 0, 0))
        except openai.APIConnectionError:
            seen.append(("broken", 0, 0))

    async with live.async_client() as client:
        await asyncio.gather(*(one(number, client) for number in range(200)))
    entries = await asyncio.to_thread(live.entries)
    assert len(entries) == len(seen) == 200
    assert [entry["seq"] for entry in entries] == sorted({entry["seq"] for entry in entries})

    def count(*outcomes: str) -> int:
        return sum(entry["outcome"] in outcomes for entry in entries)

    def count_seen(outcome: str) -> int:
        return sum(name == outcome for name, _, _ in seen)

    assert count("rate_limit") == count_seen("rate_limit") > 0
    assert count("model_not_found") == count_seen("model_not_found") > 0
    assert count("connection_reset", "truncated") == count_seen("broken") > 0
    with_usage = [entry for entry in entries if entry["usage_sent"]]
    assert len(with_usage) == count_seen("ok")
    assert sum(entry["prompt_tokens"] for entry in with_usage) == sum(prompt for _, prompt, _ in seen)
    assert sum(entry["completion_tokens"] for entry in with_usage) == sum(completion for _, _, completion in seen)
    totals = (await asyncio.to_thread(live.admin, "GET", "/ledger/totals")).json()
    assert totals["all"]["requests"] == 200
    assert totals["all"]["usage_sent_prompt_tokens"] == sum(prompt for _, prompt, _ in seen)
    assert totals["all"]["completion_tokens"] == sum(entry["completion_tokens"] for entry in entries)
    unknown = [row for row in totals["totals"] if row["model"] == UNKNOWN_MODEL]
    assert [(row["outcome"], row["requests"]) for row in unknown] == [("model_not_found", count("model_not_found"))]


def test_pages_follow_each_other(client: OpenAI, live: Live) -> None:
    for _ in range(5):
        client.chat.completions.create(model="gpt-4o", messages=ask())
    first = live.admin("GET", "/ledger", params={"limit": 2}).json()
    second = live.admin("GET", "/ledger", params={"limit": 2, "since": first["next"]}).json()
    third = live.admin("GET", "/ledger", params={"since": second["next"]}).json()
    numbers = [entry["seq"] for page in (first, second, third) for entry in page["entries"]]
    assert numbers == list(range(first["oldest"], first["oldest"] + 5))
    assert third["next"] == third["last"] == numbers[-1]
    assert live.admin("GET", "/ledger", params={"since": third["next"]}).json()["entries"] == []
    assert live.admin("DELETE", "/ledger").json() == {"removed": 5}
    assert live.admin("GET", "/ledger/totals").json()["totals"] == []


@pytest.mark.parametrize("query", ["since=-1", "since=x", "limit=0", "limit=10001", "limit=²", "since=" + "9" * 400])
def test_wrong_page_parameters_are_refused(live: Live, query: str) -> None:
    answer = live.admin("GET", f"/ledger?{query}")
    assert answer.status_code == 400
    assert "must be a whole number from" in answer.json()["error"]["message"]


def test_a_full_ledger_drops_old_entries_and_keeps_sums() -> None:
    ledger = Ledger(3, ["gpt-4o"])
    for number in range(10):
        ledger.write(LedgerEntry(endpoint="chat", time=0.0, request_id="r", model="gpt-4o", prompt_tokens=number))
    page = json.loads(ledger.page(0, 100))
    assert [entry["seq"] for entry in page["entries"]] == [8, 9, 10]
    assert (page["oldest"], page["next"]) == (8, 10)
    assert [entry["seq"] for entry in json.loads(ledger.page(8, 1))["entries"]] == [9]
    assert json.loads(ledger.page(99, 1)) == {"entries": [], "next": 10, "oldest": 8, "last": 10, "in_progress": 0}
    assert ledger.totals()["all"]["requests"] == 10
    assert ledger.totals()["all"]["prompt_tokens"] == 45


def test_entries_are_small() -> None:
    ledger = Ledger(2_000, ["gpt-4o"])
    tracemalloc.start()
    try:
        for _ in range(1_000):
            ledger.write(LedgerEntry(endpoint="chat", time=0.0, request_id="r" * 36, trace_id="0" * 32, model="gpt-4o"))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 1_000 * 700, "bytes; 200,000 of them are kept"


def test_unknown_model_names_share_one_row_of_the_totals(client: OpenAI, live: Live) -> None:
    for number in range(20):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=f"made-up-{number}" + "x" * 500, messages=ask())
    assert len(live.admin("GET", "/ledger/totals").json()["totals"]) == 1
    assert all(len(entry["model"]) <= 200 for entry in live.entries())
