"""Failures of a request, with their HTTP status and the message for the client."""

from llm_telemetry import names


class Failure(Exception):
    """A request that gets no answer.

    `type` is the name for programs, `message` says what happened, `hint` says what to do. `llm_error_type` is the
    error type in telemetry, if the failure happened inside a generation.
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
    status, type = 422, "bad_input"


class Unauthorized(Failure):  # the tenant is unknown
    status, type = 403, "unauthorized"


class AdminForbidden(Failure):  # a client on another machine called /admin
    status, type = 403, "admin_forbidden"


class AdminUnauthorized(Failure):  # the admin token is missing or wrong
    status, type = 401, "admin_unauthorized"


class NotFound(Failure):
    status, type = 404, "not_found"


class AlreadyRecorded(Failure):
    status, type = 409, "already_recorded"


class QueueFull(Failure):
    status, type = 429, "queue_full"


class ModelFailure(Failure):
    """No model gave a usable answer. `type` is the error type of the last attempt."""

    def __init__(self, error_type: str, *, retry_after_s: float | None = None) -> None:
        self.status, message, hint = _RESPONSES[error_type]
        self.type = self.llm_error_type = error_type
        super().__init__(message, hint, retry_after_s=retry_after_s)


class UnusableAnswer(Exception):
    """The model answered, but the answer must not be shown."""

    llm_error_type = names.VALIDATION_FAILED


class EmptyAnswer(UnusableAnswer):
    """The answer has no text."""


class UnknownSource(UnusableAnswer):
    """The answer cites a source that the prompt did not contain."""


class LeakedPrompt(UnusableAnswer):  # it repeats the system prompt, probably after a prompt injection
    llm_error_type = names.PROMPT_INJECTION


class FilteredAnswer(UnusableAnswer):  # the provider's content filter cut it off
    llm_error_type = names.CONTENT_FILTER


class CutOffAnswer(UnusableAnswer):  # the stream ended without a finish reason, so the end is missing
    llm_error_type = names.CONNECTION


class CircuitOpen(Exception):
    """The model failed too often, so it is not called for now."""

    llm_error_type = names.CIRCUIT_OPEN

    def __init__(self, model: str, retry_after_s: float) -> None:
        super().__init__(f"{model} is not called for {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


_TRY_LATER = "Try again in a moment. If the error stays, report it with its trace id."
_REPORT = "Report this error with its trace id."
_RESPONSES: dict[str, tuple[int, str, str]] = {
    names.RATE_LIMIT: (503, "The model provider's rate limit is reached.", _TRY_LATER),
    names.SERVER_ERROR: (502, "The model provider failed.", _TRY_LATER),
    names.TIMEOUT: (504, "The model provider did not answer in time.", _TRY_LATER),
    names.CONNECTION: (502, "The connection to the model provider failed.", _TRY_LATER),
    names.CIRCUIT_OPEN: (503, "All models have failed too often. They are not called for now.", _TRY_LATER),
    names.INVALID_REQUEST: (502, "The model provider refused our request.", _REPORT),
    names.VALIDATION_FAILED: (502, "The model's answer was not usable.", "Ask again, or use other words."),
    names.CONTENT_FILTER: (422, "The provider's content filter refused this.", "Use other words."),
    names.PROMPT_INJECTION: (
        422,
        "The answer was withheld, because it contained our instructions.",
        "Ask about the product.",
    ),
    names.OTHER: (500, "Internal error.", _REPORT),
}
