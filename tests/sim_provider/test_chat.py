"""Chat completions as the official client sees them: answers, streams, and the faults that change them."""

import re

import httpx2
import openai
import pytest
from openai import OpenAI
from sim_live import SYSTEM, Live, answer_text, ask, create_chat


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


def test_dated_model_can_be_requested(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o-mini-2024-07-18", messages=ask())
    assert answer.model == "gpt-4o-mini-2024-07-18"


@pytest.mark.parametrize("include_usage", [True, False])
def test_stream_has_role_contents_finish_reason_and_usage(client: OpenAI, include_usage: bool) -> None:
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


async def test_stream_helper_of_the_async_client_gets_the_same_answer(live: Live) -> None:
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


def test_responses_have_request_id_and_processing_time(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ask())
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0


@pytest.mark.parametrize("after_chunks", [0, 1, 5, None, 100_000])
def test_truncated_stream_is_cut(client: OpenAI, live: Live, after_chunks: int | None) -> None:
    live.fault("truncated_stream", **({} if after_chunks is None else {"after_chunks": after_chunks}))
    stream = create_chat(client, stream=True, stream_options={"include_usage": True})
    chunks = []
    with pytest.raises(openai.APIConnectionError) as error:
        chunks.extend(stream)
    assert isinstance(error.value.__cause__, httpx2.RemoteProtocolError), "an end midway, not a reset"
    contents = [chunk for chunk in chunks if chunk.choices[0].delta.content]
    assert not any(chunk.choices[0].finish_reason for chunk in chunks)
    entry = live.entry()
    assert (entry["outcome"], entry["usage_sent"], entry["finish_reason"]) == ("truncated", False, None)
    assert entry["completion_tokens"] == len(contents)
    if after_chunks in (0, 1, 5):
        assert len(contents) == after_chunks


def test_clean_truncated_stream_ends_without_finish_reason(client: OpenAI, live: Live) -> None:
    live.fault("truncated_stream", clean=True, after_chunks=4)
    chunks = list(create_chat(client, stream=True, stream_options={"include_usage": True}))
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)
    assert not any(chunk.usage for chunk in chunks)
    entry = live.entry()
    assert (entry["outcome"], entry["completion_tokens"], entry["usage_sent"]) == ("truncated", 4, False)


@pytest.mark.parametrize("clean", [False, True])
def test_truncated_whole_response_is_cut(client: OpenAI, live: Live, clean: bool) -> None:
    live.fault("truncated_stream", clean=clean)
    with pytest.raises(openai.APIConnectionError):
        create_chat(client)
    with pytest.raises(openai.APIConnectionError):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    for entry in live.entries():
        assert (entry["outcome"], entry["http_status"], entry["usage_sent"]) == ("truncated", 200, False)


def test_usage_omitted_leaves_out_usage(client: OpenAI, live: Live) -> None:
    live.fault("usage_omitted")
    assert create_chat(client).usage is None
    chunks = list(create_chat(client, stream=True, stream_options={"include_usage": True}))
    assert not any(chunk.usage for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    for entry in live.entries():
        assert (entry["outcome"], entry["usage_sent"]) == ("ok", False)
        assert entry["completion_tokens"] > 0


def test_hallucination_is_not_in_the_context(client: OpenAI, live: Live) -> None:
    live.fault("hallucination")
    text = answer_text(client)
    numbers = re.findall(r"\d[\d.]*", text.replace("[1]", ""))
    assert len(numbers) >= 2
    assert "90 days" not in text
    assert live.entry()["faults"] == ["hallucination"]


def test_content_filter_finish_breaks_off_the_answer(client: OpenAI, live: Live) -> None:
    whole = answer_text(client, seed=1)
    live.admin("DELETE", "/ledger")
    live.fault("content_filter")
    answer = create_chat(client, seed=1)
    assert answer.choices[0].finish_reason == "content_filter"
    assert whole.startswith(answer.choices[0].message.content or "")
    assert answer.choices[0].message.content != whole
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["usage_sent"]) == ("content_filter", 200, True)


def test_verbosity_makes_the_answer_longer(client: OpenAI, live: Live) -> None:
    usual = create_chat(client, seed=1).usage.completion_tokens
    live.fault("verbosity", factor=6)
    longer = create_chat(client, seed=1).usage.completion_tokens
    assert 6 * usual <= longer <= 8 * usual


def test_empty_answer_has_no_content(client: OpenAI, live: Live) -> None:
    live.fault("empty_answer")
    answer = create_chat(client)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "stop")
    chunks = list(create_chat(client, stream=True))
    assert not any(chunk.choices[0].delta.content for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [entry["completion_tokens"] for entry in live.entries()] == [0, 0]


def test_leak_system_prompt_repeats_the_system_prompt(client: OpenAI, live: Live) -> None:
    live.fault("leak_system_prompt")
    assert SYSTEM in answer_text(client)
