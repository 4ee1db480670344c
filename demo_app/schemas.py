"""What goes in and out over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_QUESTION = 4_000  # characters; a page of text

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUESTION)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AskRequest(_Request):
    """A question about the product."""

    question: Question


class SummariseRequest(_Request):
    """A topic to summarise what the articles say on."""

    query: Question


class FeedbackRequest(_Request):
    """A vote on the answer that was given in a trace."""

    trace_id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    value: Literal["up", "down"]


class Source(BaseModel):
    """An article that the answer was drawn from; the first is [1]."""

    id: str
    title: str
    score: float = Field(description="How well it fits the question, 0 to 1.")
    text: str


class TokenUsage(BaseModel):
    """Tokens of all attempts; cached ones are part of the input."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int


class Facts(BaseModel):
    """What an answer took. None is unknown, not 0."""

    model: str
    prompt_version: str
    cache_hit: bool
    usage: TokenUsage | None
    cost_usd: float | None
    cost_source: str | None
    latency_ms: float = Field(description="From the call to the whole answer, without retrieval.")
    ttft_ms: float | None = Field(description="From the call to the first text; streaming only.")
    retrieval_ms: float | None
    attempts: int
    fallback_from: str | None
    trace_id: str | None


class SupportAnswer(Facts):
    """An answer with its sources."""

    answer: str
    sources: list[Source]


class Summary(Facts):
    """A summary with its sources."""

    summary: str
    sources: list[Source]


class ErrorBody(BaseModel):
    """What happened, in words for programs and for people."""

    type: str
    message: str
    hint: str = Field(description="What to do about it.")
    trace_id: str | None


class ErrorResponse(BaseModel):
    """The body of every answer that is not 2xx."""

    error: ErrorBody
