"""Base class of the observed blocks: generation, model call and retrieval."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self


class ObservedBlock:
    """A `with` or `async with` block that is observed. It never changes what happens inside the block."""

    def begin(self) -> None:
        """Start the observation. Never raises."""
        raise NotImplementedError

    def end(self, error: BaseException | None = None) -> None:
        """Record the result. `error` is the exception that left the block.

        Never raises. Further calls do nothing.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)


def elapsed_ms(start: float) -> float:
    """Milliseconds since `start`, a value of `time.perf_counter()`, which ignores changes of the system clock."""
    return (time.perf_counter() - start) * 1e3
