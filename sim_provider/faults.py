"""Faults that can be switched on while the provider runs, each for a while only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim_provider.chance import Roll
from sim_provider.clock import Clock
from sim_provider.errors import ApiError, invalid

# A fault always ends by itself, so that none outlives a crash of whoever set it.
LONGEST_S = 3600
EVERY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric parameter and its bounds."""

    default: float | None
    low: float
    high: float
    whole: bool = False

    def check(self, value: Any) -> bool:
        """Whether the value may be used."""
        number = isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def allowed(self) -> str:
        """What may be used, in words."""
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter with a few values."""

    default: Any
    values: tuple[Any, ...]

    def check(self, value: Any) -> bool:
        """Whether the value may be used."""
        return any(value is known or (type(value) is type(known) and value == known) for known in self.values)

    def allowed(self) -> str:
        """What may be used, in words."""
        return "one of " + ", ".join(
            str(value).lower() if isinstance(value, bool) else str(value) for value in self.values
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. `chat_only`: it does nothing to embeddings. `one_of`: at least one of these must be given."""

    summary: str
    parameters: Mapping[str, Number | Choice] = field(default_factory=dict)
    chat_only: bool = False
    one_of: tuple[str, ...] = ()


_SLOWER = {"multiplier": Number(1, 0, 1000), "added_ms": Number(0, 0, 600_000)}

FAULTS: Mapping[str, Fault] = {
    "latency": Fault("everything takes longer, errors too", _SLOWER, one_of=("multiplier", "added_ms")),
    "ttft": Fault("the first token takes longer", _SLOWER, one_of=("multiplier", "added_ms")),
    "connection_reset": Fault("the TCP connection is reset before any response"),
    "timeout": Fault("no answer until the client goes away or max_s has passed", {"max_s": Number(120, 0.05, 120)}),
    "rate_limit": Fault("429 with Retry-After", {"retry_after_s": Number(1, 0, 3600)}),
    "server_error": Fault("a 5xx", {"status": Choice(500, (500, 502, 503))}),
    "content_filter": Fault(
        "mode finish: the answer breaks off with finish_reason content_filter; mode reject: 400",
        {"mode": Choice("finish", ("finish", "reject"))},
        chat_only=True,
    ),
    "truncated_stream": Fault(
        "the answer stops midway; clean false: the connection is cut, clean true: the body ends without finish_reason",
        {"clean": Choice(False, (False, True)), "after_chunks": Number(None, 0, 100_000, whole=True)},
    ),
    "usage_omitted": Fault("no usage in the answer"),
    "empty_answer": Fault("the answer is empty", chat_only=True),
    "leak_system_prompt": Fault("the answer repeats the system prompt", chat_only=True),
    "hallucination": Fault("the answer asserts facts and numbers that are not in the context", chat_only=True),
    "verbosity": Fault("the answer is factor times longer", {"factor": Number(4, 1, 50)}, chat_only=True),
}


@dataclass(frozen=True, slots=True)
class SetFault:
    """A fault as someone set it; `until` on the monotonic clock, in s."""

    name: str
    model: str
    probability: float
    until: float
    parameters: Mapping[str, Any]

    def describe(self, now: float) -> dict[str, Any]:
        """As JSON shows it; `now` on the monotonic clock."""
        remaining = round(max(0.0, self.until - now), 3)
        head = {"name": self.name, "model": self.model, "probability": self.probability, "remaining_s": remaining}
        return head | dict(self.parameters)


class FaultBoard:
    """The faults that are on. One per name and model; one set for a model goes before the one set for `*`."""

    def __init__(self, clock: Clock, model_ids: list[str]) -> None:
        self._clock = clock
        self._model_ids = model_ids
        self._set: dict[tuple[str, str], SetFault] = {}

    def put(self, name: str, body: Any) -> SetFault:
        """Switch a fault on, in place of the same one for the same model. Raises ApiError that says what to change."""
        kind = _known(name)
        if not isinstance(body, dict):
            raise invalid('Send a JSON object such as {"model": "*", "probability": 1, "duration_s": 60}.', None)
        allowed = ["model", "probability", "duration_s", *kind.parameters]
        for key in body:
            if key not in allowed:
                raise invalid(f"Unknown field {key!r} for {name}; it takes {', '.join(allowed)}.", key)
        model = body.get("model", EVERY_MODEL)
        if model != EVERY_MODEL and model not in self._model_ids:
            raise invalid(f'"model" must be "*" or one of {", ".join(self._model_ids)}.', "model")
        probability = _checked(body, "probability", Number(1, 0, 1))
        if "duration_s" not in body:
            raise invalid(f'Add "duration_s": how long the fault lasts, in seconds, at most {LONGEST_S}.', "duration_s")
        duration = _checked(body, "duration_s", Number(None, 0.001, LONGEST_S))
        if kind.one_of and not any(key in body for key in kind.one_of):
            raise invalid(
                f"{name} changes nothing without {' or '.join(kind.one_of)}; give at least one.", kind.one_of[0]
            )
        parameters = {key: _checked(body, key, parameter) for key, parameter in kind.parameters.items()}
        fault = SetFault(name, model, probability, self._clock.monotonic() + duration, parameters)
        self._set[name, model] = fault
        return fault

    def remove(self, name: str | None = None, model: str | None = None) -> int:
        """Switch off all faults, those of one name or of one model; how many were on. Raises ApiError 404."""
        if name is not None:
            _known(name)
        self._expire()
        gone = [key for key in self._set if name in (None, key[0]) and model in (None, key[1])]
        for key in gone:
            del self._set[key]
        return len(gone)

    def describe(self) -> list[dict[str, Any]]:
        """The faults that are on."""
        self._expire()
        now = self._clock.monotonic()
        return [self._set[key].describe(now) for key in sorted(self._set)]

    def draw(self, model_id: str, roll: Roll, *, chat: bool) -> dict[str, Mapping[str, Any]]:
        """The faults that hit one request: name to parameters, in the order of FAULTS."""
        if not self._set:
            return {}
        self._expire()
        hit: dict[str, Mapping[str, Any]] = {}
        for name, kind in FAULTS.items():
            fault = self._set.get((name, model_id)) or self._set.get((name, EVERY_MODEL))
            if fault and (chat or not kind.chat_only) and roll.unit(f"fault {name}") < fault.probability:
                hit[name] = fault.parameters
        return hit

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, fault in self._set.items() if fault.until <= now]:
            del self._set[key]


def describe_kinds() -> dict[str, Any]:
    """Every fault there is, what it does and what its parameters may be."""
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


def _known(name: str) -> Fault:
    if name not in FAULTS:
        raise ApiError(404, f"There is no fault {name[:100]!r}; there are {', '.join(FAULTS)}.", code="fault_not_found")
    return FAULTS[name]


def _checked(body: dict[str, Any], key: str, parameter: Number | Choice) -> Any:
    if key not in body:
        return parameter.default
    if not parameter.check(body[key]):
        raise invalid(f'"{key}" must be {parameter.allowed()}.', key)
    return body[key]
