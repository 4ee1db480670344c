"""Each fault that replaces the response reaches the official client as the real error."""

import httpx2
import openai
import pytest
from openai import OpenAI
from sim_live import Live, create_chat


def test_rate_limit_hits_one_model_with_retry_after(client: OpenAI, live: Live) -> None:
    live.fault("rate_limit", model="gpt-4o", retry_after_s=7)
    with pytest.raises(openai.RateLimitError) as error:
        create_chat(client)
    headers = error.value.response.headers
    assert (headers["retry-after"], headers["x-ratelimit-remaining-requests"]) == ("7", "0")
    assert error.value.code == "rate_limit_exceeded"
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["prompt_tokens"]) == ("rate_limit", 429, 0)
    create_chat(client, model="gpt-4o-mini")


def test_the_client_retries_after_retry_after(live: Live) -> None:
    live.fault("rate_limit", retry_after_s=0.01)
    with live.client(max_retries=2) as client, pytest.raises(openai.RateLimitError):
        create_chat(client)
    assert [entry["outcome"] for entry in live.entries()] == ["rate_limit"] * 3


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error_has_its_status(client: OpenAI, live: Live, status: int) -> None:
    live.fault("server_error", status=status)
    for call in (create_chat, lambda c: c.embeddings.create(model="text-embedding-3-small", input="x")):
        with pytest.raises(openai.InternalServerError) as error:
            call(client)
        assert error.value.status_code == status
    assert [(entry["outcome"], entry["http_status"]) for entry in live.entries()] == [("server_error", status)] * 2


@pytest.mark.parametrize("stream", [False, True])
def test_timeout_lasts_until_the_client_gives_up(live: Live, stream: bool) -> None:
    live.fault("timeout")
    with live.client(timeout=0.1) as client, pytest.raises(openai.APITimeoutError):
        create_chat(client, stream=stream)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["faults"]) == ("timeout", None, ["timeout"])
    assert entry["duration_ms"] < 5000


def test_timeout_ends_after_max_s(client: OpenAI, live: Live) -> None:
    live.fault("timeout", max_s=0.1)
    with pytest.raises(openai.APIConnectionError):
        create_chat(client)
    assert live.entry()["outcome"] == "timeout"


@pytest.mark.parametrize("stream", [False, True])
def test_connection_reset_is_a_reset(client: OpenAI, live: Live, stream: bool) -> None:
    live.fault("connection_reset")
    with pytest.raises(openai.APIConnectionError) as error:
        create_chat(client, stream=stream)
    assert isinstance(error.value.__cause__, httpx2.ReadError), "a reset, not an orderly end"
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["completion_tokens"]) == ("connection_reset", None, 0)


def test_content_filter_reject_is_status_400(client: OpenAI, live: Live) -> None:
    live.fault("content_filter", mode="reject")
    with pytest.raises(openai.BadRequestError) as error:
        create_chat(client)
    assert error.value.code == "content_filter"
    assert live.entry()["outcome"] == "content_filter"
