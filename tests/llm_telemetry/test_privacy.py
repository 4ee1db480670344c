"""User ids and texts are in no signal; captured content is redacted."""

# ruff: noqa: SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_telemetry import ANSWER, ENDPOINT, Recorded, chunk

import llm_telemetry as lt
from llm_telemetry.privacy import CONTENT_LIMIT, Hasher, redact, redacted_json

CANARY = "CANARY-4f1c"
USER = f"{CANARY}@example.com"
PROMPT = [{"role": "user", "content": f"My card is {CANARY}, why?"}]
SAID = {**ANSWER, "choices": [{"finish_reason": "stop", "message": {"content": f"Because {CANARY}."}}]}


def say_everything(**who: Any) -> None:
    """Call every function of the library with a text that contains the canary."""
    with lt.request_context(endpoint=ENDPOINT, tenant_id="acme", user_id=USER):
        with lt.observe_llm_call("gpt-4o", provider="openai", prompt=PROMPT) as call:
            call.record_response(SAID)
        with pytest.raises(ValueError, match=CANARY), lt.observe_retrieval():
            raise ValueError(f"no index for {CANARY}")
        with pytest.raises(ValueError, match=CANARY), lt.observe_generation("gpt-4o", prompt=PROMPT):
            with lt.observe_llm_call("gpt-4o", provider="openai", prompt=PROMPT):
                raise ValueError(f"the prompt {PROMPT!r} is too long")

        @lt.observe_llm_call("gpt-4o", provider="openai", prompt=PROMPT)
        def stream() -> Any:
            yield chunk(f"Because {CANARY}")
            raise ValueError(f"{CANARY} broke off")

        with pytest.raises(ValueError, match=CANARY):
            list(stream())
        with lt.observe_llm_call("text-embedding-3-small", operation="embeddings", prompt=CANARY):
            pass
        with lt.observe_generation("gpt-4o", prompt=PROMPT) as generation:
            lt.record_content(generation, CANARY, CANARY, [CANARY])
        lt.record_cache(True, model="gpt-4o")
        lt.record_feedback("up", trace_id="0af7651916cd43dd8448eb211c80319c")


def test_no_signal_contains_user_ids_or_texts(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    say_everything()
    everything = recorded.everything()
    assert len(everything) > 10_000
    assert CANARY not in everything
    assert CANARY not in caplog.text
    assert Hasher("salt").user(USER) in everything


def test_captured_content_is_redacted_and_on_spans_only(recorded: Recorded) -> None:
    recorded.configure(capture_content=True)
    question = {"role": "user", "content": "I am ann@example.com, my key is sk-proj-abcdefghijkl1234."}
    answer = {**ANSWER, "choices": [{"message": {"content": "Dear bob@example.org, call +49 170 1234567."}}]}
    with lt.request_context(endpoint=ENDPOINT), lt.observe_llm_call("gpt-4o", prompt=[question]) as call:
        call.record_response(answer)
    attributes = recorded.span("chat gpt-4o").attributes or {}
    assert json.loads(str(attributes["gen_ai.input.messages"])) == [
        {"role": "user", "content": "I am [email], my key is [secret]."}
    ]
    assert json.loads(str(attributes["gen_ai.output.messages"])) == [
        {"role": "assistant", "content": "Dear [email], call [phone]."}
    ]
    assert "Dear" not in recorded.stream.getvalue() + recorded.exposition()
    assert "Dear" not in str([dict(record.attributes) for record in recorded.records()])


def test_the_whole_text_of_a_stream_is_captured(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_TELEMETRY_CAPTURE_CONTENT", "true")
    recorded.configure()
    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT) as call:
        list(call.stream([chunk("Hold "), chunk("it.")]))
    attributes = recorded.span("chat gpt-4o").attributes or {}
    assert "Hold it." in str(attributes["gen_ai.output.messages"])
    assert "gen_ai.input.messages" not in attributes


def test_an_answer_without_text_has_no_output_messages(recorded: Recorded) -> None:
    recorded.configure(capture_content=True)
    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT) as call:
        call.record_usage(1)
    assert "gen_ai.output.messages" not in (recorded.span("chat gpt-4o").attributes or {})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to ann.o'neil+x@mail.example.com!", "write to ann.o'[email]!"),
        ("card 4111 1111 1111 1111 please", "card [card] please"),
        ("iban DE89 3704 0044 0532 0130 00.", "iban [iban]."),
        ("from 192.168.0.17 today", "from [ip] today"),
        ("call (+49) 170 1234567", "call ([phone]"),
        ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
        ("ghp_abcdefghijklmnop1234", "[secret]"),
        ("eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJSM", "[secret]"),
        ("order 4711 costs $1,847.50", "order 4711 costs $1,847.50"),
    ],
)
def test_redact_replaces_personal_data(text: str, redacted: str) -> None:
    assert redact(text) == redacted


class Message:
    """Like a client's own message class, which json cannot serialise."""

    def __str__(self) -> str:
        return "Message(content='I am ann@example.com')"


def test_captured_content_of_any_shape_is_bounded_and_redacted() -> None:
    assert json.loads(redacted_json(Message())) == "Message(content='I am [email]')"
    assert json.loads(redacted_json({"a": ({"b": Message()}, 7, None, True)})) == {
        "a": [{"b": "Message(content='I am [email]')"}, 7, None, True]
    }
    assert len(json.loads(redacted_json("x " * CONTENT_LIMIT))) == CONTENT_LIMIT
    at_the_limit = "x" * (CONTENT_LIMIT - 4) + " ann@example.com"
    assert "ann" not in redacted_json(at_the_limit)


@pytest.mark.parametrize("piece", ["a.", "eyJ-", "1 (", "x@", "-_"])
def test_redaction_takes_linear_time(piece: str) -> None:
    # A pattern that takes quadratic time needs minutes here and runs into pytest's timeout.
    assert redact(f"{piece * 16_000} ann@example.com").endswith(" [email]")


def test_hashes_depend_on_salt_purpose_and_value() -> None:
    assert Hasher("a").user("u") == Hasher("a").user("u") != Hasher("b").user("u")
    assert Hasher("a").user("u") != Hasher("a").prompt("u")
    assert Hasher("a").user("u1") != Hasher("a").user("u2")
    assert len(Hasher("a").user("u")) == 16
    assert Hasher("a").user(7) == Hasher("a").user("7")  # type: ignore[arg-type]
    assert Hasher("a").prompt([{"role": "user"}]) == Hasher("a").prompt([{"role": "user"}])
    assert Hasher("a").prompt("\ud800") != ""  # half a surrogate pair, as JSON may hold
    assert Hasher("a").prompt([Message()]) != ""


def test_without_a_salt_hashes_differ_between_hashers(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    caplog.set_level("INFO")
    assert Hasher().user("u") != Hasher().user("u")
    assert "LLM_TELEMETRY_USER_SALT is not set" in caplog.text
    monkeypatch.setenv("LLM_TELEMETRY_USER_SALT", "a")
    assert Hasher().user("u") == Hasher("a").user("u")


def test_content_is_not_kept_without_a_content_store(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    say_everything()
    assert list(tmp_path.iterdir()) == []
