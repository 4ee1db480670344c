"""Each fault of the application has its documented effect, shows in telemetry, and ends."""

from __future__ import annotations

import asyncio
import re
import shlex
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_live import ANSWER, QUESTION, STREAM, SUMMARISE, App, Provider, Start, cost_of, series, wait_for

from demo_app.failures import BadInput
from demo_app.faults import FAULTS, MAX_DURATION_S, LiveSettings, available
from demo_app.settings import DemoSettings
from llm_telemetry import Prices
from sim_provider.models import load_models

# Parameters of each fault, beside its duration.
EXAMPLES: dict[str, dict[str, Any]] = {
    "slow_retrieval": {"added_ms": 40},
    "no_retry_budget": {},
    "no_cache": {},
    "few_workers": {"concurrency": 1},
    "long_prompts": {"tokens": 2_000},
    "deployment": {"prompt_version": "v2", "version": "2.0.0"},
    "other_model": {"model": "gpt-3.5-turbo", "share": 0.5},
}


def put(app: App, name: str, **body: Any) -> Any:
    """Switch a fault on; returns its description."""
    answer = app.http.put(f"{app.url}/admin/faults/{name}", json={"duration_s": 600, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def active(app: App) -> list[str]:
    return [fault["name"] for fault in app.http.get(f"{app.url}/admin/faults").json()["active"]]


def sum_of(app: App, histogram: str, label: str = "") -> float:
    """The sum of a histogram's observations with this label, in all tests so far."""
    lines = [line for line in app.scrape().splitlines() if line.startswith(f"{histogram}_sum{{") and label in line]
    return sum(float(line.split()[-1]) for line in lines)


def remove(app: App, name: str = "") -> int:
    return int(app.http.delete(f"{app.url}/admin/faults{name and '/' + name}").json()["removed"])


def test_every_fault_has_an_example() -> None:
    assert list(EXAMPLES) == list(FAULTS)


def test_faults_are_listed_put_and_removed(app: App) -> None:
    page = app.http.get(f"{app.url}/admin/faults").json()
    assert page["active"] == []
    assert page["available"] == available()
    assert page["available"]["slow_retrieval"] == {
        "does": "Every retrieval takes `added_ms` longer.",
        "parameters": {"added_ms": {"default": None, "allowed": "a number from 1 to 60000"}},
    }
    assert page["available"]["deployment"]["parameters"]["prompt_version"]["allowed"] == "one of v1, v2"
    assert "gpt-3.5-turbo" in page["available"]["other_model"]["parameters"]["model"]["allowed"]
    for name, parameters in EXAMPLES.items():
        said = put(app, name, **parameters)
        assert 590 < said.pop("remaining_s") <= 600
        assert said == {"name": name, **parameters}
    assert active(app) == list(EXAMPLES)
    assert [remove(app, "no_cache"), remove(app, "no_cache")] == [1, 0]
    assert "no_cache" not in active(app)
    assert [remove(app), remove(app)] == [len(EXAMPLES) - 1, 0]
    assert active(app) == []


def test_a_second_fault_of_the_same_name_replaces_the_first(app: App) -> None:
    put(app, "few_workers", concurrency=1, duration_s=0.2)
    put(app, "few_workers", concurrency=2)
    put(app, "no_cache", duration_s=0.3)
    wait_for(lambda: active(app) == ["few_workers"], "the shorter fault does not end")
    (fault,) = app.http.get(f"{app.url}/admin/faults").json()["active"]
    assert fault["concurrency"] == 2
    assert fault["remaining_s"] > 500


@pytest.mark.parametrize("name", EXAMPLES)
async def test_settings_are_restored_when_a_fault_ends(name: str) -> None:
    base = DemoSettings()
    live, seen = LiveSettings(base), list[DemoSettings]()
    live.watch(seen.append)
    body = {"duration_s": 0.02, **EXAMPLES[name]} | ({"model": "gpt-4o-mini"} if name == "other_model" else {})
    live.put(name, httpx.Request("PUT", "http://any", json=body).read())
    assert live.now == seen[-1] == replace(base, **FAULTS[name].model_validate(body).changes()) != base
    ended = asyncio.Event()
    live.watch(lambda _: ended.set())
    await asyncio.wait_for(ended.wait(), 5)
    assert live.now == seen[-1] == base
    assert live.active() == []


def test_no_two_faults_change_the_same_setting() -> None:
    changed = [
        setting
        for name, kind in FAULTS.items()
        for setting in kind.model_construct(**{"version": "2", "share": 1.0, **EXAMPLES[name]}).changes()
    ]
    assert len(changed) == len(set(changed))


@pytest.mark.parametrize(
    ("name", "body", "says", "hint"),
    [
        ("no_cache", b"{}", "`duration_s`", "duration_s (a number from 0.001 to 3600)"),
        ("no_cache", b'{"duration_s": 3601}', "`duration_s`", "to 3600"),
        ("no_cache", b'{"duration_s": 0}', "`duration_s`", "from 0.001"),
        ("no_cache", b'{"duration_s": NaN}', "`duration_s`", "from 0.001"),
        ("no_cache", b'{"duration_s": "60"}', "`duration_s`", "a number"),
        ("no_cache", b'{"duration_s": true}', "`duration_s`", "a number"),
        ("no_cache", b'{"duration_s": 60, "probability": 1}', "`probability`", "no_cache takes a JSON object with"),
        ("no_cache", b"", "The body", "a JSON object with duration_s"),
        ("no_cache", b"[]", "The body", "a JSON object with duration_s"),
        ("no_cache", b'{"duration_s": ', "The body", "a JSON object with duration_s"),
        ("no_cache", b'{"duration_s": 60, "\xff": 1}', "The body", "a JSON object with duration_s"),
        ("no_cache", b'{"duration_s": 60, "\\ud800": 1}', "", "a JSON object with duration_s"),
        ("slow_retrieval", b'{"duration_s": 60}', "`added_ms`", "added_ms (a number from 1 to 60000)"),
        ("slow_retrieval", b'{"duration_s": 60, "added_ms": 0.5}', "`added_ms`", "a number from 1 to 60000"),
        ("few_workers", b'{"duration_s": 60, "concurrency": 0}', "`concurrency`", "a whole number from 1 to 1000"),
        ("few_workers", b'{"duration_s": 60, "concurrency": 1.5}', "`concurrency`", "a whole number from 1"),
        ("long_prompts", b'{"duration_s": 60, "tokens": 200001}', "`tokens`", "a whole number from 1 to 200000"),
        ("deployment", b'{"duration_s": 60, "prompt_version": "v9"}', "`prompt_version`: 'v9'", "one of v1, v2"),
        ("deployment", b'{"duration_s": 60, "prompt_version": "v2", "version": "a b"}', "`version`", "matches"),
        ("other_model", b'{"duration_s": 60, "model": "gpt-9"}', "`model`: 'gpt-9'", "one of gpt-4o, gpt-4o-mini"),
        ("other_model", b'{"duration_s": 60, "model": "text-embedding-3-small"}', "`model`", "one of gpt-4o"),
        ("other_model", b'{"duration_s": 60, "model": "gpt-4o-mini", "share": 2}', "`share`", "0 to 1; optional"),
    ],
)
def test_invalid_fault_bodies_are_refused(app: App, name: str, body: bytes, says: str, hint: str) -> None:
    answer = app.http.put(f"{app.url}/admin/faults/{name}", content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (422, "bad_input")
    assert says in error["message"]
    assert hint in error["hint"]
    assert active(app) == []
    assert app.changed() == {}, "a wrong fault is no rejected question"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_unknown_fault(app: App, method: str) -> None:
    answer = app.http.request(method, f"{app.url}/admin/faults/latency", json={"duration_s": 60})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "There is no fault 'latency'."
    assert all(name in answer.json()["error"]["hint"] for name in FAULTS)


def test_admin_is_in_no_schema_and_in_no_trace(app: App) -> None:
    put(app, "no_cache")
    remove(app)
    assert app.spans() == []
    assert not [path for path in app.http.get(f"{app.url}/openapi.json").json()["paths"] if "admin" in path]


def test_longest_duration_is_an_hour(app: App) -> None:
    put(app, "no_cache", duration_s=MAX_DURATION_S)


DOCS = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")


COMMANDS = re.findall(r"^curl .*", DOCS, re.MULTILINE)


def test_fault_table_has_every_fault_and_parameter_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", DOCS, re.MULTILINE)
    documented = {name: re.findall(r"`(\w+)`", parameters) for name, parameters in rows}
    assert documented == {name: list(kind["parameters"]) for name, kind in available().items()}
    assert list(documented) == list(FAULTS)
    assert re.findall(r"/admin/faults/(\w+) +-d", DOCS) == list(FAULTS)


def test_every_command_of_the_documentation_works(app: App) -> None:
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        content = words[words.index("-d") + 1] if "-d" in words else None
        path = next(word for word in words if word.startswith("localhost:8000")).removeprefix("localhost:8000")
        # curl's default content type
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = app.http.request(method, app.url + path, content=content, headers=form)
        assert answer.status_code == 200, f"{command}: {answer.text}"
    assert active(app) == [], "the last one removes all"


@pytest.mark.parametrize("stream", [False, True])
def test_slow_retrieval(app: App, stream: bool) -> None:
    before = sum_of(app, "llm_retrieval_latency_ms")
    put(app, "slow_retrieval", added_ms=600)
    facts = app.stream().one("done") if stream else app.ask().json()
    assert facts["retrieval_ms"] >= 600
    assert sum_of(app, "llm_retrieval_latency_ms") - before >= 600
    assert app.span("retrieval").attributes["llm.retrieval_ms"] >= 600
    assert facts["latency_ms"] < 600, "the generation is not slow"
    remove(app)
    assert app.ask("How do I add a site?").json()["retrieval_ms"] < 600


def test_no_retry_budget(start: Start, provider: Provider) -> None:
    app = start(retry_budget=True, breaker_failures=10**6)
    provider.fault("server_error", model="*")

    def attempts(question: str) -> int:
        before = len(provider.chats())
        assert app.ask(question).status_code == 502
        return len(provider.chats()) - before

    assert attempts("How do I add a site?") == 1
    put(app, "no_retry_budget")
    assert attempts("How do I change my plan?") == 6
    remove(app)
    assert attempts("How do I cancel?") == 1


def test_no_cache(app: App, provider: Provider) -> None:
    app.ask()
    assert app.ask().json()["cache_hit"] is True
    put(app, "no_cache")
    assert [app.ask().json()["cache_hit"] for _ in range(3)] == [False] * 3
    assert len(provider.chats()) == 4
    assert app.total("llm_cache_requests_total", result="miss") == 4
    assert app.total("llm_cache_requests_total", result="hit") == 1
    remove(app)
    assert app.ask().json()["cache_hit"] is True


async def test_few_workers(start: Start, slow_provider: Provider) -> None:
    """With one slot, three of four questions wait until the fault ends."""
    app = start(concurrency=8, queue_capacity=3)
    put(app, "few_workers", concurrency=1)
    async with httpx.AsyncClient(timeout=30) as client:

        async def ask(number: int) -> int:
            body = {"question": f"How do I change plan number {number}?"}
            return (await client.post(app.url + STREAM, json=body)).status_code

        asked = [asyncio.create_task(ask(number)) for number in range(4)]
        depth = series("llm_queue_depth", endpoint=STREAM)
        await asyncio.to_thread(wait_for, lambda: app.metrics()[depth] == 3, "no queue builds up")
        assert await asyncio.to_thread(slow_provider.in_progress) == 1
        assert await ask(5) == 429, "the queue is full"
        assert await asyncio.to_thread(remove, app) == 1
        await asyncio.to_thread(wait_for, lambda: slow_provider.in_progress() == 4, "the queued questions do not go on")
        assert app.metrics()[depth] == 0
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.to_thread(wait_for, lambda: slow_provider.in_progress() == 0, "hung up, and still asked")


def test_long_prompts(app: App, provider: Provider) -> None:
    assert app.ask().status_code == 200
    put(app, "long_prompts", tokens=20_000)
    questions = ("How do I add a site?", "How do I cancel?")
    answers = [app.ask(question).json() for question in questions]
    usual, *long = provider.chats()
    for answer, chat in zip(answers, long, strict=True):
        assert chat["prompt_tokens"] - usual["prompt_tokens"] == pytest.approx(20_000, rel=0.05)
        assert chat["cached_tokens"] == 0, "the same old conversation would be half the price"
        assert answer["usage"]["input_tokens"] == chat["prompt_tokens"]
        assert answer["cost_usd"] == pytest.approx(cost_of(chat), abs=1e-12)
        assert answer["cost_usd"] > 5 * cost_of(usual)
        assert answer["sources"], "the question is answered as before"
    assert app.total("llm_cost_dollars_total", model="gpt-4o") == pytest.approx(cost_of(usual, *long), abs=1e-12)
    remove(app)
    app.ask("How do I change my plan?")
    assert provider.chats()[-1]["prompt_tokens"] < 5_000


BUILD = "llm_build_info"


def builds(app: App) -> list[str]:
    return [name for name in app.metrics() if name.startswith(BUILD)]


def test_deployment(app: App, provider: Provider) -> None:
    app.ask()
    assert put(app, "deployment", prompt_version="v2", version="2.0.0-rc1", duration_s=600)
    assert builds(app) == [series(BUILD, version="2.0.0-rc1", prompt_version="v2")]
    answer = app.ask().json()
    assert (answer["prompt_version"], answer["cache_hit"]) == ("v2", False)
    assert app.ask().json()["prompt_version"] == "v2"
    assert [line["prompt_version"] for line in app.calls()] == ["v1", "v2", "v2"]
    assert [line["cache_hit"] for line in app.calls()] == [False, False, True]
    for name in ("generate", "chat gpt-4o"):
        assert [span.attributes["llm.prompt_version"] for span in app.spans(name)] == ["v1", "v2"]
    put(app, "deployment", prompt_version="v2", duration_s=0.05)
    wait_for(lambda: not active(app), "the fault does not end")
    assert builds(app) == [series(BUILD, version="0.1.0", prompt_version="v1")]
    assert app.ask().json()["prompt_version"] == "v1"


def test_deployment_without_a_version_keeps_the_version(app: App) -> None:
    put(app, "deployment", prompt_version="v2")
    assert builds(app) == [series(BUILD, version="0.1.0", prompt_version="v2")]


def test_an_answer_keeps_the_prompt_version_of_its_start(start: Start, slow_provider: Provider) -> None:
    app = start()
    with app.reading() as reading:
        reading.next()
        assert reading.next()[0] == "token"
        put(app, "deployment", prompt_version="v2")
    wait_for(lambda: app.calls(), "no line")
    assert app.call()["prompt_version"] == "v1"


@pytest.mark.parametrize("stream", [False, True])
def test_other_model(app: App, provider: Provider, stream: bool) -> None:
    before = sum_of(app, "llm_context_utilisation_ratio", 'model="gpt-3.5-turbo"')
    put(app, "other_model", model="gpt-3.5-turbo")
    facts = app.stream().one("done") if stream else app.ask().json()
    assert (facts["model"], facts["fallback_from"], facts["attempts"]) == ("gpt-3.5-turbo", None, 1)
    (chat,) = provider.chats()
    assert chat["model"] == "gpt-3.5-turbo"
    assert facts["cost_usd"] == pytest.approx(cost_of(chat), abs=1e-12)
    assert app.total("llm_requests_total", model="gpt-3.5-turbo", status="ok") == 1
    assert app.total("llm_provider_attempts_total", model="gpt-3.5-turbo", outcome="ok") == 1
    assert app.total("llm_label_overflow_total") == 0
    assert app.span("chat gpt-3.5-turbo").attributes["llm.cost_source"] == "table"
    use = sum_of(app, "llm_context_utilisation_ratio", 'model="gpt-3.5-turbo"')
    assert use - before == pytest.approx(chat["prompt_tokens"] / 16_385)
    remove(app)
    assert app.ask("How do I add a site?").json()["model"] == "gpt-4o"


def test_share_of_another_model(app: App, provider: Provider) -> None:
    put(app, "other_model", model="gpt-4o-mini", share=0.5)
    put(app, "no_cache")
    for number in range(60):
        app.ask(f"How do I add site {number}?")
    asked = Counter(chat["model"] for chat in provider.chats())
    assert asked.total() == 60
    assert 12 < asked["gpt-4o-mini"] < 48, "beyond 4 standard deviations"
    put(app, "other_model", model="gpt-4o-mini", share=0)
    app.ask("How do I cancel?")
    assert provider.chats()[-1]["model"] == "gpt-4o"


def test_other_model_has_a_breaker_and_a_fallback(start: Start, provider: Provider) -> None:
    app = start(max_attempts=1, breaker_failures=2)
    state = series("llm_circuit_breaker_state", provider="openai", model="gpt-3.5-turbo")
    assert state not in app.metrics()
    put(app, "other_model", model="gpt-3.5-turbo")
    provider.fault("server_error", model="gpt-3.5-turbo")
    for number in range(3):
        answer = app.ask(f"How do I add site {number}?").json()
        assert (answer["model"], answer["fallback_from"]) == ("gpt-4o-mini", "gpt-3.5-turbo")
    assert app.metrics()[state] == 2
    assert [chat["model"] for chat in provider.chats()].count("gpt-3.5-turbo") == 2


def test_context_fills_up_and_overflows(app: App, provider: Provider) -> None:
    before = sum_of(app, "llm_context_utilisation_ratio", 'model="gpt-3.5-turbo"')
    put(app, "other_model", model="gpt-3.5-turbo")
    put(app, "long_prompts", tokens=13_000)
    assert app.ask().status_code == 200
    assert 0.8 < sum_of(app, "llm_context_utilisation_ratio", 'model="gpt-3.5-turbo"') - before < 1
    answer = app.summarise()
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "invalid_request")
    assert app.total("llm_errors_total", endpoint=SUMMARISE, error_type="invalid_request") == 1


def test_allowed_models_have_a_known_context_window_and_price() -> None:
    served, prices = load_models(), Prices()
    allowed = available()["other_model"]["parameters"]["model"]["allowed"].removeprefix("one of ").split(", ")
    for name in set(allowed) - {"acme-experimental-1"}:  # has no price on purpose
        model = served.find(name)
        assert model is not None, f"{name} is not served"
        assert prices.context_window(name, "openai") == model.context_window
        assert prices._rates_of(name, "openai", int(time.time() // 900)), f"{name} has no price"
    assert served.find("acme-experimental-1") is not None


async def test_questions_that_wait_for_a_fault_to_end_are_counted_once(app: App, provider: Provider) -> None:
    put(app, "few_workers", concurrency=1, duration_s=0.2)
    put(app, "slow_retrieval", added_ms=100, duration_s=0.1)
    async with httpx.AsyncClient(timeout=30) as client:
        bodies = [{"question": f"{QUESTION} {number}"} for number in range(12)]
        answers = await asyncio.gather(*(client.post(app.url + ANSWER, json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert app.total("llm_requests_total", status="ok") == len(provider.chats()) == 12
    assert active(app) == []


def test_an_invalid_fault_changes_no_setting() -> None:
    live = LiveSettings(DemoSettings())
    with pytest.raises(BadInput):
        live.put("no_cache", b"{}")
    assert live.now == DemoSettings()
