"""Faults that can be switched on for some time while the application runs.

A fault changes settings. `LiveSettings.now` has the settings of the start with the changes of all active faults.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from demo_app.failures import BadInput, NotFound
from demo_app.prompts import versions
from demo_app.settings import DemoSettings
from llm_telemetry.names import OPERATION_CHAT
from llm_telemetry.telemetry import current_telemetry

# A fault always ends by itself, so that a crash of the client that set it leaves no fault behind.
MAX_DURATION_S = 3600
_MAX_ECHO_LENGTH = 100  # characters of the client's input in a message


@dataclass(frozen=True)
class OneOf:
    """Marks a text field that must be one of the current `values()`."""

    values: Callable[[], Sequence[str]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"enum": list(self.values())}

    def _check(self, value: str) -> str:
        if value not in self.values():
            raise ValueError(f"{value[:_MAX_ECHO_LENGTH]!r} is unknown")
        return value


def _chat_models() -> Sequence[str]:
    """The models that may be a label value. The effect of other models would not show in metrics."""
    return [model.name for model in current_telemetry().settings.models_for(OPERATION_CHAT)]


class Fault(BaseModel):
    """A fault with its parameters. `GET /admin/faults` shows the docstring of each kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    duration_s: Annotated[float, Field(ge=0.001, le=MAX_DURATION_S)]

    fixed_changes: ClassVar[Mapping[str, Any]] = {}

    def changes(self) -> dict[str, Any]:
        """Values of fields of DemoSettings. A parameter has the field's name; its alias is the name in JSON."""
        return {**self.fixed_changes, **self.model_dump(exclude={"duration_s"}, exclude_none=True)}


class SlowRetrieval(Fault):
    """Every retrieval takes `added_ms` longer."""

    added_retrieval_ms: Annotated[float, Field(ge=1, le=60_000, alias="added_ms")]


class NoRetryBudget(Fault):
    """Every failed attempt is retried, even if the retry budget is used up."""

    fixed_changes = {"retry_budget": False}


class NoCache(Fault):
    """Every cache look-up is a miss."""

    fixed_changes = {"cache": False}


class FewWorkers(Fault):
    """At most `concurrency` generations run at a time, per endpoint; others wait."""

    concurrency: Annotated[int, Field(ge=1, le=1_000)]


class LongPrompts(Fault):
    """Every prompt contains about `tokens` tokens of an earlier conversation."""

    history_tokens: Annotated[int, Field(ge=1, le=200_000, alias="tokens")]


class Deployment(Fault):
    """Another prompt version is used, and the application reports `version`, if given."""

    prompt_version: Annotated[str, OneOf(versions)]
    version: Annotated[str, Field(pattern=r"^[\w.+-]{1,64}$")] | None = None


class OtherModel(Fault):
    """`share` of the generations use another model."""

    other_model: Annotated[str, OneOf(_chat_models), Field(alias="model")]
    other_model_share: Annotated[float, Field(ge=0, le=1, alias="share")] = 1.0


# Each setting is changed by one fault at most, so faults can be combined.
FAULTS: Mapping[str, type[Fault]] = {
    "slow_retrieval": SlowRetrieval,
    "no_retry_budget": NoRetryBudget,
    "no_cache": NoCache,
    "few_workers": FewWorkers,
    "long_prompts": LongPrompts,
    "deployment": Deployment,
    "other_model": OtherModel,
}


class LiveSettings:
    """The current settings. For one event loop, which ends each fault after its duration."""

    def __init__(self, base: DemoSettings) -> None:
        self._base = base
        self.now = base
        self._on: dict[str, tuple[Fault, asyncio.TimerHandle]] = {}
        self._watchers: list[Callable[[DemoSettings], None]] = []

    def watch(self, watcher: Callable[[DemoSettings], None]) -> None:
        self._watchers.append(watcher)

    def put(self, name: str, body: bytes) -> dict[str, Any]:
        """Switch a fault on with the parameters in a JSON body. A fault of the same name is replaced.

        Returns the fault as `active` describes it. Raises NotFound: there is no such fault. Raises BadInput: the body
        is invalid; the hint lists the fault's parameters.
        """
        fault = _parsed(name, body)
        self._switch_off(name)
        timer = asyncio.get_running_loop().call_later(fault.duration_s, self.remove, name)
        self._on[name] = (fault, timer)
        self._apply()
        return self._described(name)

    def remove(self, name: str | None = None) -> int:
        """Switch one fault off, or all of them. Returns how many were on. Raises NotFound: there is no such fault."""
        if name is not None:
            _known(name)
        removed = sum(map(self._switch_off, FAULTS if name is None else [name]))
        if removed:
            self._apply()
        return removed

    def active(self) -> list[dict[str, Any]]:
        return [self._described(name) for name in FAULTS if name in self._on]

    def _described(self, name: str) -> dict[str, Any]:
        fault, timer = self._on[name]
        remaining = max(0.0, timer.when() - asyncio.get_running_loop().time())
        parameters = fault.model_dump(by_alias=True, exclude={"duration_s"})
        return {"name": name, "remaining_s": round(remaining, 3), **parameters}

    def _switch_off(self, name: str) -> bool:
        if name not in self._on:
            return False
        self._on.pop(name)[1].cancel()
        return True

    def _apply(self) -> None:
        changes = [fault.changes() for fault, _ in self._on.values()]
        self.now = replace(self._base, **{name: value for change in changes for name, value in change.items()})
        for watcher in self._watchers:
            watcher(self.now)


def available() -> dict[str, Any]:
    return {
        name: {
            "does": kind.__doc__,
            "parameters": {
                key: {"default": schema.get("default"), "allowed": _allowed(schema)}
                for key, schema in _parameters(kind).items()
                if key != "duration_s"
            },
        }
        for name, kind in FAULTS.items()
    }


def _known(name: str) -> type[Fault]:
    if name not in FAULTS:
        raise NotFound(f"There is no fault {name[:_MAX_ECHO_LENGTH]!r}.", f"The faults are {', '.join(FAULTS)}.")
    return FAULTS[name]


def _parsed(name: str, body: bytes) -> Fault:
    kind = _known(name)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))[:_MAX_ECHO_LENGTH]
        takes = [
            f"{key} ({_allowed(schema)}{'; optional' if 'default' in schema else ''})"
            for key, schema in _parameters(kind).items()
        ]
        raise BadInput(
            f"{f'`{place}`' if place else 'The body'}: {first['msg'].removeprefix('Value error, ')}.",
            f"{name} takes a JSON object with {', '.join(takes)}.",
        ) from error


def _parameters(kind: type[Fault]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each field, without the alternative `null`."""
    properties = kind.model_json_schema()["properties"]
    return {key: schema | schema.get("anyOf", [{}])[0] for key, schema in properties.items()}


def _allowed(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "string":
        return f"text that matches {schema['pattern']}"
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    return f"{kind} from {schema['minimum']:g} to {schema['maximum']:g}"
