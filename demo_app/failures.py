"""What can go wrong on the way to an answer, and how it is said to the client."""

from __future__ import annotations

from llm_telemetry import names


class Failure(Exception):
    """A request that gets no answer.

    `type` names it to programs, the message says what happened, `hint` what to do. `llm_error_type` is
    what telemetry calls it, where it happened inside a generation.
    """

    status = 500
    type = "internal"
    llm_error_type: str = names.OTHER

    def __init__(self, message: str, hint: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s


class BadInput(Failure):
    """The request cannot be answered as it is."""

    status, type = 422, "bad_input"


class Unauthorized(Failure):
    """The tenant is not known."""

    status, type = 403, "unauthorized"


class AdminForbidden(Failure):
    """The client is on another machine."""

    status, type = 403, "admin_forbidden"


class AdminUnauthorized(Failure):
    """The admin token is missing or wrong."""

    status, type = 401, "admin_unauthorized"


class NotFound(Failure):
    """Nothing is known under that id."""

    status, type = 404, "not_found"


class AlreadyRecorded(Failure):
    """A vote on this answer was counted before."""

    status, type = 409, "already_recorded"


class QueueFull(Failure):
    """As many requests wait as may wait."""

    status, type = 429, "queue_full"


class ModelFailure(Failure):
    """No usable answer came from any model. `type` is the error type of the last attempt."""

    def __init__(self, error_type: str, *, retry_after_s: float | None = None) -> None:
        self.status, message, hint = _SAID[error_type]
        self.type = self.llm_error_type = error_type
        super().__init__(message, hint, retry_after_s=retry_after_s)


class UnusableAnswer(Exception):
    """An answer came and must not be shown."""

    llm_error_type = names.VALIDATION_FAILED


class EmptyAnswer(UnusableAnswer):
    """There is no text in it."""


class UnknownSource(UnusableAnswer):
    """It cites a source that it was not given."""


class LeakedPrompt(UnusableAnswer):
    """It repeats the system prompt: somebody talked the model into it."""

    llm_error_type = names.PROMPT_INJECTION


class FilteredAnswer(UnusableAnswer):
    """The provider's content filter cut it off."""

    llm_error_type = names.CONTENT_FILTER


class CutOffAnswer(UnusableAnswer):
    """The stream ended without saying why: the rest is missing."""

    llm_error_type = names.CONNECTION


class CircuitOpen(Exception):
    """The model failed so often that it is left alone for now."""

    llm_error_type = names.CIRCUIT_OPEN

    def __init__(self, model: str, retry_after_s: float) -> None:
        super().__init__(f"{model} is left alone for {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


_TRY_LATER = "Try again in a moment; if it goes on, tell us the trace id."
_SAID: dict[str, tuple[int, str, str]] = {
    names.RATE_LIMIT: (503, "The model provider is limiting us.", _TRY_LATER),
    names.SERVER_ERROR: (502, "The model provider failed.", _TRY_LATER),
    names.TIMEOUT: (504, "The model provider did not answer in time.", _TRY_LATER),
    names.CONNECTION: (502, "The connection to the model provider broke.", _TRY_LATER),
    names.CIRCUIT_OPEN: (503, "All models have failed too often and are left alone for now.", _TRY_LATER),
    names.INVALID_REQUEST: (
        502,
        "The model provider refused our request.",
        "Tell us the trace id: this is our mistake.",
    ),
    names.VALIDATION_FAILED: (502, "The model's answer was of no use.", "Ask again, or in other words."),
    names.CONTENT_FILTER: (422, "The provider's content filter refused this.", "Ask in other words."),
    names.PROMPT_INJECTION: (422, "The answer was withheld: it contained our instructions.", "Ask about the product."),
    names.OTHER: (500, "Something of ours failed.", "Tell us the trace id: this is our mistake."),
}
