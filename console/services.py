"""The servers that pages query, and the threads in which the blocking queries run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from alert_sink.client import SinkClient
from console.settings import ConsoleSettings
from stack.settings import Stack
from stack.stores import Stores
from stores import StoreError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """There is one per process: `services()`."""

    settings: ConsoleSettings
    stores: Stores
    sink: SinkClient
    pool: ThreadPoolExecutor

    @classmethod
    def of(cls, settings: ConsoleSettings) -> Services:
        """The servers that the settings name; without any URL, those of the stack on this machine."""
        return cls(
            settings,
            Stores.at(settings.urls) if settings.urls else Stores.of(Stack.load()),
            SinkClient(settings.sink_url),
            ThreadPoolExecutor(settings.threads, "query"),
        )

    async def ask(self, query: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a blocking query in a thread. Its exceptions are raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, partial(query, *arguments, **named))

    async def ask_or_error(self, query: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | StoreError:
        """Like `ask`, but a StoreError is returned instead of raised."""
        try:
            return await self.ask(query, *arguments, **named)
        except StoreError as error:
            return error


_current: list[Services] = []


def services() -> Services:
    return _current[0]


def set_services(new: Services) -> None:
    _current[:] = [new]
