"""Failures with a next step for the person who reads them."""

from __future__ import annotations


class StackFailure(Exception):
    """A command failed. `what` says what happened, `next_step` what to do; `lines` are the output about it.

    Every function of this package may raise it, down to the settings that it reads.
    """

    def __init__(self, what: str, next_step: str, lines: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.lines = lines


def not_running(start: str = "make up") -> StackFailure:
    return StackFailure("The stack is not running.", f"Start it: {start}")
