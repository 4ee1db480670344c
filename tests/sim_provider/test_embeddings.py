"""Embeddings are unit vectors in which texts that share words are similar, in every format of the API."""

import math

import openai
import pytest
from openai import OpenAI
from sim_live import Live

from sim_provider.vectors import embed_words

MODEL = "text-embedding-3-small"


def _similarity(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _embed(client: OpenAI, texts: list[str], **options: object) -> list[list[float]]:
    answer = client.embeddings.create(model=MODEL, input=texts, **options)
    assert [item.index for item in answer.data] == list(range(len(texts)))
    return [item.embedding for item in answer.data]


def test_base64_and_float_are_the_same_unit_vector(client: OpenAI) -> None:
    # The client requests base64 by default.
    (packed,) = _embed(client, ["rotate an API key"])
    (plain,) = _embed(client, ["rotate an API key"], encoding_format="float")
    assert packed == pytest.approx(plain)
    assert len(plain) == 1536
    assert math.hypot(*plain) == pytest.approx(1, abs=1e-5)


def test_string_list_and_tokens_are_accepted_and_counted(client: OpenAI, live: Live) -> None:
    one = client.embeddings.create(model=MODEL, input="rotate an API key")
    many = client.embeddings.create(model=MODEL, input=["rotate an API key", "backups"])
    tokens = client.embeddings.create(model=MODEL, input=[1, 2, 3])
    lists = client.embeddings.create(model=MODEL, input=[[1, 2, 3], [4]])
    assert one.data[0].embedding == many.data[0].embedding
    assert one.model == MODEL
    assert tokens.data[0].embedding == lists.data[0].embedding
    assert [answer.usage.prompt_tokens for answer in (one, many, tokens, lists)] == [4, 5, 3, 4]
    assert [entry["prompt_tokens"] for entry in live.entries()] == [4, 5, 3, 4]
    assert {entry["endpoint"] for entry in live.entries()} == {"embeddings"}
    assert all(entry["usage_sent"] for entry in live.entries())


@pytest.mark.parametrize("dimensions", [None, 512, 256])
@pytest.mark.parametrize(
    ("text", "paraphrase", "unrelated"),
    [
        ("How do I rotate an API key?", "Rotating API keys", "Backups are kept for thirty days in Frankfurt"),
        (
            "What happens when the rate limit is exceeded?",
            "Requests over the rate limit get status 429",
            "Invoices are sent on the first day of the month",
        ),
        ("How is customer data encrypted?", "Encryption of data at rest", "Inviting a colleague to your workspace"),
    ],
)
def test_paraphrases_are_more_similar_than_other_texts(
    client: OpenAI, text: str, paraphrase: str, unrelated: str, dimensions: int | None
) -> None:
    options = {} if dimensions is None else {"dimensions": dimensions}
    first, near, far = _embed(client, [text, paraphrase, unrelated], **options)
    assert len(first) == dimensions or dimensions is None
    assert math.hypot(*first) == pytest.approx(1, abs=1e-5)
    assert _similarity(first, near) > _similarity(first, far) + 0.15
    assert abs(_similarity(first, far)) < 0.25


def test_dimensions_shorten_the_vector(client: OpenAI) -> None:
    (long,) = _embed(client, ["rotate an API key"])
    (short,) = _embed(client, ["rotate an API key"], dimensions=300)
    length = math.hypot(*long[:300])
    assert short == pytest.approx([value / length for value in long[:300]], abs=1e-6)


@pytest.mark.parametrize("text", ["!!!", "the", "日本語のテキスト", "\0", "e" * 5000])
def test_any_text_has_a_unit_vector(text: str) -> None:
    assert math.hypot(*embed_words(text, 1536)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "kind", "param", "code"),
    [
        ({"model": "gpt-9"}, openai.NotFoundError, "model", "model_not_found"),
        ({"model": "gpt-4o"}, openai.PermissionDeniedError, "model", None),
        ({"input": []}, openai.BadRequestError, "input", "empty_array"),
        ({"input": ""}, openai.BadRequestError, "input", "invalid_value"),
        ({"input": ["x", 5]}, openai.BadRequestError, "input", "invalid_type"),
        ({"input": [-1]}, openai.BadRequestError, "input", "invalid_type"),
        ({"input": ["x"] * 2049}, openai.BadRequestError, "input", "invalid_value"),
        ({"input": "word " * 8200}, openai.BadRequestError, "input", "context_length_exceeded"),
        ({"dimensions": 1537}, openai.BadRequestError, "dimensions", "invalid_value"),
        ({"encoding_format": "hex"}, openai.BadRequestError, "encoding_format", "invalid_value"),
    ],
)
def test_invalid_requests_name_the_parameter(
    client: OpenAI, live: Live, body: dict, kind: type, param: str, code: str | None
) -> None:
    with pytest.raises(kind) as error:
        client.embeddings.create(model=MODEL, input="x", extra_body=body)
    assert (error.value.param, error.value.code) == (param, code)
    assert live.entry()["http_status"] == error.value.status_code
