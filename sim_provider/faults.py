"""Faults that are switched on while the provider runs. Each fault ends by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim_provider.clock import Clock
from sim_provider.errors import ApiError, invalid_request
from sim_provider.randomness import RequestRandom

# Every fault ends after at most this time, so that it does not outlive a crash of the program that set it.
MAX_DURATION_S = 3600
EVERY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class NumberParameter:
    default: float | None
    low: float
    high: float
    whole: bool = False

    def accepts(self, value: Any) -> bool:
        number = isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def allowed(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class ChoiceParameter:
    default: Any
    values: tuple[Any, ...]

    def accepts(self, value: Any) -> bool:
        return any(value is known or (type(value) is type(known) and value == known) for known in self.values)

    def allowed(self) -> str:
        words = [str(value).lower() if isinstance(value, bool) else str(value) for value in self.values]
        return f"one of {', '.join(words)}"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault.

    `chat_only`: it does not change embeddings. `one_of`: at least one of these parameters must be given.
    """

    summary: str
    parameters: Mapping[str, NumberParameter | ChoiceParameter] = field(default_factory=dict)
    chat_only: bool = False
    one_of: tuple[str, ...] = ()


_LATENCY_PARAMETERS = {"multiplier": NumberParameter(1, 0, 1000), "added_ms": NumberParameter(0, 0, 600_000)}

FAULTS: Mapping[str, FaultKind] = {
    "latency": FaultKind(
        "all responses take longer, errors too", _LATENCY_PARAMETERS, one_of=("multiplier", "added_ms")
    ),
    "ttft": FaultKind("the first token takes longer", _LATENCY_PARAMETERS, one_of=("multiplier", "added_ms")),
    "connection_reset": FaultKind("the TCP connection is reset before the response"),
    "timeout": FaultKind(
        "no response until the client closes the connection or max_s has passed",
        {"max_s": NumberParameter(120, 0.05, 120)},
    ),
    "rate_limit": FaultKind("status 429 with Retry-After", {"retry_after_s": NumberParameter(1, 0, 3600)}),
    "server_error": FaultKind("an error with this status", {"status": ChoiceParameter(500, (500, 502, 503))}),
    "content_filter": FaultKind(
        "mode finish: the answer breaks off with finish_reason content_filter; mode reject: status 400",
        {"mode": ChoiceParameter("finish", ("finish", "reject"))},
        chat_only=True,
    ),
    "truncated_stream": FaultKind(
        "the answer stops early; clean false: the connection is cut; clean true: the body ends without finish_reason",
        {"clean": ChoiceParameter(False, (False, True)), "after_chunks": NumberParameter(None, 0, 100_000, whole=True)},
    ),
    "usage_omitted": FaultKind("the response has no usage"),
    "empty_answer": FaultKind("the answer is empty", chat_only=True),
    "leak_system_prompt": FaultKind("the answer repeats the system prompt", chat_only=True),
    "hallucination": FaultKind("the answer states facts and numbers that are not in the context", chat_only=True),
    "verbosity": FaultKind("the answer is factor times longer", {"factor": NumberParameter(4, 1, 50)}, chat_only=True),
}


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is switched on. `until` is a time of the monotonic clock, in seconds."""

    name: str
    model: str
    probability: float
    until: float
    parameters: Mapping[str, Any]

    def describe(self, now: float) -> dict[str, Any]:
        """Return the fault as JSON. `now` is a time of the monotonic clock, in seconds."""
        remaining = round(max(0.0, self.until - now), 3)
        head = {"name": self.name, "model": self.model, "probability": self.probability, "remaining_s": remaining}
        return head | dict(self.parameters)


# The faults that a request gets: parameters by name, in the order of FAULTS.
DrawnFaults = Mapping[str, Mapping[str, Any]]


class FaultRegistry:
    """The faults that are on: one per name and model. A fault for a model takes precedence over the same for `*`."""

    def __init__(self, clock: Clock, model_ids: list[str]) -> None:
        self._clock = clock
        self._model_ids = model_ids
        self._active: dict[tuple[str, str], ActiveFault] = {}

    def put(self, name: str, body: Any) -> ActiveFault:
        """Switch a fault on, and replace the fault with the same name and model.

        Raises ApiError: `name` or `body` is wrong; the message says what to change.
        """
        kind = _known(name)
        if not isinstance(body, dict):
            example = '{"model": "*", "probability": 1, "duration_s": 60}'
            raise invalid_request(f"Send a JSON object such as {example}.", None)
        allowed = ["model", "probability", "duration_s", *kind.parameters]
        for key in body:
            if key not in allowed:
                raise invalid_request(f"Unknown field {key!r} for {name}; it takes {', '.join(allowed)}.", key)
        model = body.get("model", EVERY_MODEL)
        if model != EVERY_MODEL and model not in self._model_ids:
            raise invalid_request(f'"model" must be "*" or one of {", ".join(self._model_ids)}.', "model")
        probability = _checked(body, "probability", NumberParameter(1, 0, 1))
        if "duration_s" not in body:
            message = f'Add "duration_s": the duration of the fault in seconds, at most {MAX_DURATION_S}.'
            raise invalid_request(message, "duration_s")
        duration = _checked(body, "duration_s", NumberParameter(None, 0.001, MAX_DURATION_S))
        if kind.one_of and not any(key in body for key in kind.one_of):
            message = f"{name} changes nothing without {' or '.join(kind.one_of)}; give at least one."
            raise invalid_request(message, kind.one_of[0])
        parameters = {key: _checked(body, key, parameter) for key, parameter in kind.parameters.items()}
        fault = ActiveFault(name, model, probability, self._clock.monotonic() + duration, parameters)
        self._active[name, model] = fault
        return fault

    def remove(self, name: str | None = None, model: str | None = None) -> int:
        """Switch off all faults, or those of one name, of one model, or both. Returns how many were on.

        Raises ApiError with status 404 for an unknown name.
        """
        if name is not None:
            _known(name)
        self._expire()
        removed = [key for key in self._active if name in (None, key[0]) and model in (None, key[1])]
        for key in removed:
            del self._active[key]
        return len(removed)

    def describe(self) -> list[dict[str, Any]]:
        self._expire()
        now = self._clock.monotonic()
        return [self._active[key].describe(now) for key in sorted(self._active)]

    def draw(self, model_id: str, random: RequestRandom, *, chat: bool) -> DrawnFaults:
        if not self._active:
            return {}
        self._expire()
        drawn: dict[str, Mapping[str, Any]] = {}
        for name, kind in FAULTS.items():
            fault = self._active.get((name, model_id)) or self._active.get((name, EVERY_MODEL))
            if fault and (chat or not kind.chat_only) and random.uniform(f"fault {name}") < fault.probability:
                drawn[name] = fault.parameters
        return drawn

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, fault in self._active.items() if fault.until <= now]:
            del self._active[key]


def describe_kinds() -> dict[str, Any]:
    return {
        name: {
            "does": kind.summary,
            "parameters": {
                key: {"default": parameter.default, "allowed": parameter.allowed()}
                for key, parameter in kind.parameters.items()
            },
        }
        for name, kind in FAULTS.items()
    }


def _known(name: str) -> FaultKind:
    if name not in FAULTS:
        raise ApiError(404, f"Unknown fault {name[:100]!r}; there are {', '.join(FAULTS)}.", code="fault_not_found")
    return FAULTS[name]


def _checked(body: dict[str, Any], key: str, parameter: NumberParameter | ChoiceParameter) -> Any:
    if key not in body:
        return parameter.default
    if not parameter.accepts(body[key]):
        raise invalid_request(f'"{key}" must be {parameter.allowed()}.', key)
    return body[key]
