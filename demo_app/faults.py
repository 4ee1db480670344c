"""Faults that can be switched on while the application runs, each for a while only.

A wrong setting is the commonest fault of an application, so a fault is one: `LiveSettings.now` is what was set
at the start, changed by the faults that are on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from demo_app.failures import BadInput, NotFound
from demo_app.prompts import versions
from demo_app.settings import DemoSettings
from llm_telemetry.names import OPERATION_CHAT
from llm_telemetry.telemetry import current_telemetry

# A fault always ends by itself, so that none outlives a crash of whoever set it.
LONGEST_S = 3600
_LONGEST_ECHO = 100  # characters of what a client sent that are said back


@dataclass(frozen=True)
class OneOf:
    """Marks a text that must be one of what `values` gives at the time."""

    values: Callable[[], Sequence[str]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"enum": list(self.values())}

    def _check(self, value: str) -> str:
        if value not in self.values():
            raise ValueError(f"{value[:_LONGEST_ECHO]!r} is not known")
        return value


def _chat_models() -> Sequence[str]:
    """Those that may be a label: of another one nobody would see what it does."""
    return [model.name for model in current_telemetry().settings.models_for(OPERATION_CHAT)]


class Fault(BaseModel):
    """A kind of fault with its parameters. What it does is its docstring."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    duration_s: Annotated[float, Field(ge=0.001, le=LONGEST_S)]

    def changes(self) -> dict[str, Any]:
        """The fields of DemoSettings that have another value while it is on."""
        raise NotImplementedError


class SlowRetrieval(Fault):
    """Every retrieval takes that much longer."""

    added_ms: Annotated[float, Field(ge=1, le=60_000)]

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"added_retrieval_ms": self.added_ms}


class NoRetryBudget(Fault):
    """Every failed attempt is retried, whatever the retry budget has left."""

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"retry_budget": False}


class NoCache(Fault):
    """No answer is found in the cache."""

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"cache": False}


class FewWorkers(Fault):
    """Only that many generations at a time, per endpoint; the others wait."""

    concurrency: Annotated[int, Field(ge=1, le=1_000)]

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"concurrency": self.concurrency}


class LongPrompts(Fault):
    """Every prompt carries about that many tokens of an earlier conversation."""

    tokens: Annotated[int, Field(ge=1, le=200_000)]

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"history_tokens": self.tokens}


class Deployment(Fault):
    """Other prompts, and another version of the application where one is given, run."""

    prompt_version: Annotated[str, OneOf(versions)]
    version: Annotated[str, Field(pattern=r"^[\w.+-]{1,64}$")] | None = None

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        changes = {"prompt_version": self.prompt_version, "version": self.version}
        return {name: value for name, value in changes.items() if value is not None}


class OtherModel(Fault):
    """That share of the generations is asked of another model."""

    model: Annotated[str, OneOf(_chat_models)]
    share: Annotated[float, Field(ge=0, le=1)] = 1.0

    def changes(self) -> dict[str, Any]:
        """See Fault."""
        return {"other_model": self.model, "other_model_share": self.share}


# No two change the same setting: each may be on beside every other.
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
    """The settings as they are now. For one event loop, which switches faults off when their time is over."""

    def __init__(self, base: DemoSettings) -> None:
        self._base = base
        self.now = base
        self._on: dict[str, tuple[Fault, asyncio.TimerHandle]] = {}
        self._watchers: list[Callable[[DemoSettings], None]] = []

    def watch(self, watcher: Callable[[DemoSettings], None]) -> None:
        """Call `watcher` with the settings after every change, for what does not read them at each use."""
        self._watchers.append(watcher)

    def put(self, name: str, body: bytes) -> dict[str, Any]:
        """Switch a fault on, in place of the same one, with the parameters in a JSON body; gives it as `active` does.

        Raises:
            NotFound: there is no such fault.
            BadInput: the body cannot be used; the hint says what the fault takes.
        """
        fault = _parsed(name, body)
        self._switch_off(name)
        timer = asyncio.get_running_loop().call_later(fault.duration_s, self.remove, name)
        self._on[name] = (fault, timer)
        self._apply()
        return self._described(name)

    def remove(self, name: str | None = None) -> int:
        """Switch off one fault, or all; how many were on.

        Raises:
            NotFound: there is no such fault.
        """
        if name is not None:
            _known(name)
        removed = sum(map(self._switch_off, FAULTS if name is None else [name]))
        if removed:
            self._apply()
        return removed

    def active(self) -> list[dict[str, Any]]:
        """The faults that are on, with the seconds until each ends by itself and its parameters."""
        return [self._described(name) for name in FAULTS if name in self._on]

    def _described(self, name: str) -> dict[str, Any]:
        fault, timer = self._on[name]
        remaining = max(0.0, timer.when() - asyncio.get_running_loop().time())
        return {"name": name, "remaining_s": round(remaining, 3), **fault.model_dump(exclude={"duration_s"})}

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
    """Every fault there is, what it does and what its parameters may be."""
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
        raise NotFound(f"There is no fault {name[:_LONGEST_ECHO]!r}.", f"There are {', '.join(FAULTS)}.")
    return FAULTS[name]


def _parsed(name: str, body: bytes) -> Fault:
    kind = _known(name)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))[:_LONGEST_ECHO]
        takes = [
            f"{key} ({_allowed(schema)}{'; optional' if 'default' in schema else ''})"
            for key, schema in _parameters(kind).items()
        ]
        raise BadInput(
            f"{f'`{place}`' if place else 'The body'}: {first['msg'].removeprefix('Value error, ')}.",
            f"{name} takes a JSON object with {', '.join(takes)}.",
        ) from error


def _parameters(kind: type[Fault]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each field, without the choice of saying null."""
    properties = kind.model_json_schema()["properties"]
    return {key: schema | schema.get("anyOf", [{}])[0] for key, schema in properties.items()}


def _allowed(schema: Mapping[str, Any]) -> str:
    """What a field may be, in words."""
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "string":
        return f"text that matches {schema['pattern']}"
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    return f"{kind} from {schema['minimum']:g} to {schema['maximum']:g}"
