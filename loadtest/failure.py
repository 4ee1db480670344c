"""The error that ends a load test."""

from __future__ import annotations


class LoadFailure(Exception):
    """A scenario cannot be run, or not to its end. Says what is wrong and what to do next."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
