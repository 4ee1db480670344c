"""Chat completions through the official client."""

import httpx
import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask


def test_answer_has_text_usage_and_dated_model(client: OpenAI, live: Live) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=ask())
    assert answer.object == "chat.completion"
    assert answer.model == "gpt-4o-2024-11-20"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.role == "assistant"
    assert "API keys expire after 90 days [1]." in (answer.choices[0].message.content or "")
    usage = answer.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 0
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == 0
    assert answer._request_id == live.entry()["request_id"]


def test_dated_model_can_be_asked_for(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o-mini-2024-07-18", messages=ask())
    assert answer.model == "gpt-4o-mini-2024-07-18"


@pytest.mark.parametrize("include_usage", [True, False])
def test_stream(client: OpenAI, include_usage: bool) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o", messages=ask(), stream=True, stream_options={"include_usage": include_usage}
    )
    chunks = list(stream)
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    contents = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "API keys expire after 90 days [1]." in "".join(contents)
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert reasons[-1] == "stop"
    assert not any(reasons[:-1])
    assert len(usages) == include_usage
    if include_usage:
        assert chunks[-1].choices == []
        assert usages[0].completion_tokens == len(contents)


async def test_async_client_and_stream_helper(live: Live) -> None:
    async with live.async_client() as client:
        answer = await client.chat.completions.create(model="gpt-4.1", messages=ask(), temperature=0)
        async with client.chat.completions.stream(model="gpt-4.1", messages=ask(), temperature=0) as stream:
            final = await stream.get_final_completion()
    assert final.choices[0].message.content == answer.choices[0].message.content


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_token_limit_ends_the_answer(client: OpenAI, name: str) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=ask(), extra_body={name: 3})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


def test_stop_sequence_is_left_out(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=ask(), stop=["never there", " after 90"])
    assert (answer.choices[0].message.content or "").endswith("API keys expire")
    assert answer.choices[0].finish_reason == "stop"


def test_content_parts_tools_and_history_are_accepted(client: OpenAI) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    answer = client.chat.completions.create(
        model="gpt-4o",
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "Answer from the tool."}]},
            {"role": "user", "content": "Look up the backups."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "[7] Backups\nBackups are kept for 35 days."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "How long are backups kept?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            },
        ],
        tools=[{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}],
        user="u1",
        seed=5,
    )
    assert "Backups are kept for 35 days [7]." in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 85


def test_question_the_context_says_nothing_about(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=ask("Who painted the ceiling in Rome?"))
    content = answer.choices[0].message.content or ""
    assert "documentation" in content
    assert "doesn't cover" in content
    assert "[" not in content


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("Context:\n{facts}\n\nQuestion: {question}\nAnswer:", "The Lisbon office opens at nine."),
        ("Question: {question}\n\nContext:\n{facts}", "The Lisbon office opens at nine."),
        ("[4] Offices\n{facts}\n\n{question}", "The Lisbon office opens at nine [4]."),
        ("{question}\n[4] Offices\n{facts}", "The Lisbon office opens at nine [4]."),
        ("Question: {question}\n\n[4] {facts}", "The Lisbon office opens at nine [4]."),
    ],
)
def test_context_and_question_in_one_message(client: OpenAI, prompt: str, sentence: str) -> None:
    facts = "The Lisbon office opens at nine. Nobody may park a bus."
    prompt = prompt.format(facts=facts, question="When does the Lisbon office open?")
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
    assert sentence in (answer.choices[0].message.content or "")
    assert "bus" not in (answer.choices[0].message.content or "")


def test_latency_comes_from_the_model(start) -> None:
    live = start(latency_scale=0.02)
    with live.client() as client:
        list(client.chat.completions.create(model="gpt-4o", messages=ask(), stream=True))
        client.chat.completions.create(model="gpt-4o", messages=ask())
    streamed, whole = live.entries()
    # Half of the medians, scaled: log-normal draws with these sigmas stay above it except once in about 50 runs,
    # and the seed makes this run always the same.
    assert streamed["ttft_ms"] > 520 * 0.02 / 2
    assert streamed["duration_ms"] >= streamed["ttft_ms"]
    assert whole["ttft_ms"] is None
    assert whole["duration_ms"] > 520 * 0.02 / 2


def test_models(client: OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"gpt-4o", "gpt-4o-2024-11-20", "acme-experimental-1", "text-embedding-3-small"} <= names
    assert client.models.retrieve("acme-experimental-1").owned_by == "acme"
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("gpt-9")
    assert error.value.code == "model_not_found"


def test_headers(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ask())
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0


@pytest.mark.parametrize(
    ("body", "kind", "param", "code"),
    [
        ({"model": "gpt-9"}, openai.NotFoundError, "model", "model_not_found"),
        ({"model": "text-embedding-3-small"}, openai.NotFoundError, "model", None),
        ({"n": 2}, openai.BadRequestError, "n", "invalid_value"),
        ({"messages": []}, openai.BadRequestError, "messages", "empty_array"),
        ({"messages": [{"role": "boss", "content": "x"}]}, openai.BadRequestError, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, openai.BadRequestError, "messages[0].content", "invalid_type"),
        ({"temperature": 3}, openai.BadRequestError, "temperature", "invalid_value"),
        ({"max_tokens": 0}, openai.BadRequestError, "max_tokens", "invalid_value"),
        ({"max_tokens": 20_000}, openai.BadRequestError, "max_tokens", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, openai.BadRequestError, "stop", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, openai.BadRequestError, "stream_options", None),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "response_format", "invalid_value"),
        (
            {"model": "acme-experimental-1", "messages": [{"role": "user", "content": "word " * 33_000}]},
            openai.BadRequestError,
            "messages",
            "context_length_exceeded",
        ),
    ],
)
def test_invalid_requests(client: OpenAI, live: Live, body: dict, kind: type, param: str, code: str | None) -> None:
    with pytest.raises(kind) as error:
        client.chat.completions.create(model="gpt-4o", messages=ask(), extra_body=body)
    assert error.value.param == param
    assert error.value.code == code
    assert error.value.type == "invalid_request_error"
    assert error.value.request_id.startswith("req_")
    entry = live.entry()
    assert entry["http_status"] == error.value.status_code
    assert entry["outcome"] == ("model_not_found" if code == "model_not_found" else "invalid_request")
    assert (entry["prompt_tokens"], entry["usage_sent"]) == (0, False)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"", 400), (b"[]", 400), (b"\xff", 400), (b"{}", 400), (b" " * 10_000_000, 413), (b"[" * 5000, 400)],
    ids=["broken", "empty", "array", "not-utf8", "no-model", "10-MB", "deep"],
)
@pytest.mark.parametrize("path", ["chat/completions", "embeddings"])
def test_unreadable_bodies(live: Live, path: str, content: bytes, status: int) -> None:
    answer = httpx.post(f"{live.url}/v1/{path}", content=content)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert live.entry()["http_status"] == status


def test_nesting_deeper_than_can_be_written_back(live: Live) -> None:
    deep = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "x", "y": ' + b"[" * 900 + b"]" * 900 + b"}]}"
    answer = httpx.post(f"{live.url}/v1/chat/completions", content=deep)
    assert answer.status_code == 400


def test_unknown_paths_and_methods_look_like_openai(live: Live) -> None:
    for method, path, status in [("GET", "/v1/nope", 404), ("GET", "/v1/chat/completions", 405), ("GET", "/", 404)]:
        answer = httpx.request(method, live.url + path)
        assert answer.status_code == status
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_key_is_checked_when_one_is_configured(start) -> None:
    live = start(api_key="sk-right")
    with live.client(api_key="sk-right") as client:
        client.chat.completions.create(model="gpt-4o", messages=ask())
        client.models.list()
    with live.client(api_key="sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError) as error:
            client.chat.completions.create(model="gpt-4o", messages=ask())
        assert error.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            client.embeddings.create(model="text-embedding-3-small", input="x")
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert httpx.post(f"{live.url}/v1/chat/completions", content=b"{}").status_code == 401
    assert [entry["outcome"] for entry in live.entries()] == ["ok", "unauthorized", "unauthorized", "unauthorized"]
    assert "sk-wrong" not in live.admin("GET", "/ledger").text


def test_health(live: Live) -> None:
    assert httpx.get(f"{live.url}/healthz").json() == {"status": "ok"}
