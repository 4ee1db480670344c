"""Requests and responses of the HTTP API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_QUESTION_LENGTH = 4_000  # characters; a page of text

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_LENGTH)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AskRequest(_Request):
    """A question about the product."""

    question: Question


class SummariseRequest(_Request):
    """A topic. The summary contains what the articles say about it."""

    query: Question


class FeedbackRequest(_Request):
    """A vote on the answer of a trace."""

    trace_id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    value: Literal["up", "down"]


class Source(BaseModel):
    """An article that the model got; the first is cited as [1]."""

    id: str
    title: str
    score: float = Field(description="Similarity to the question, 0 to 1.")
    text: str


class TokenUsage(BaseModel):
    """Tokens of all attempts. Cached input tokens are part of the input tokens."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int


class AnswerDetails(BaseModel):
    """Model, tokens, cost and times of an answer. None means unknown, not 0."""

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


class SupportAnswer(AnswerDetails):
    """An answer with its sources."""

    answer: str
    sources: list[Source]


class Summary(AnswerDetails):
    """A summary with its sources."""

    summary: str
    sources: list[Source]


class ErrorBody(BaseModel):
    type: str
    message: str
    hint: str = Field(description="What to do.")
    trace_id: str | None


class ErrorResponse(BaseModel):
    """The body of every response that is not 2xx."""

    error: ErrorBody
