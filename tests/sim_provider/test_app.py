"""Models, health, keys and unknown paths answer as the OpenAI API does."""

import httpx
import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask


def test_models_are_listed_and_retrieved(client: OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"gpt-4o", "gpt-4o-2024-11-20", "acme-experimental-1", "text-embedding-3-small"} <= names
    assert client.models.retrieve("acme-experimental-1").owned_by == "acme"
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("gpt-9")
    assert error.value.code == "model_not_found"


def test_unknown_paths_and_methods_have_errors_like_openai(live: Live) -> None:
    for method, path, status in [("GET", "/v1/nope", 404), ("GET", "/v1/chat/completions", 405), ("GET", "/", 404)]:
        answer = httpx.request(method, live.url + path)
        assert answer.status_code == status
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_configured_key_is_checked(start) -> None:
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


def test_health_is_ok(live: Live) -> None:
    assert httpx.get(f"{live.url}/healthz").json() == {"status": "ok"}
