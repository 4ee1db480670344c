"""What every page needs: the stores, the alert sink, and threads in which they are asked."""

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
    """One per process; `services()` gives it."""

    settings: ConsoleSettings
    stores: Stores
    sink: SinkClient
    pool: ThreadPoolExecutor

    @classmethod
    def of(cls, settings: ConsoleSettings) -> Services:
        """The servers that the settings name, else those of this machine's stack."""
        return cls(
            settings,
            Stores.at(settings.urls) if settings.urls else Stores.of(Stack.load()),
            SinkClient(settings.sink_url),
            ThreadPoolExecutor(settings.threads, "ask"),
        )

    async def ask(self, question: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call what blocks (a store) in a thread; what it raises is raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, partial(question, *arguments, **named))

    async def tried(self, question: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | StoreError:
        """The answer, or the error that stands in its place."""
        try:
            return await self.ask(question, *arguments, **named)
        except StoreError as error:
            return error


_current: list[Services] = []


def services() -> Services:
    """Those of this process."""
    return _current[0]


def use(of_this_process: Services) -> None:
    """Set what `services()` gives: when the console starts, and in tests."""
    _current[:] = [of_this_process]
