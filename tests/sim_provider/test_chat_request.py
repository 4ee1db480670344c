"""Invalid chat requests are refused with the errors of OpenAI."""

import httpx
import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask


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
def test_invalid_requests_name_the_parameter(
    client: OpenAI, live: Live, body: dict, kind: type, param: str, code: str | None
) -> None:
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


def test_too_deep_nesting_is_refused(live: Live) -> None:
    deep = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "x", "y": ' + b"[" * 900 + b"]" * 900 + b"}]}"
    answer = httpx.post(f"{live.url}/v1/chat/completions", content=deep)
    assert answer.status_code == 400
