"""A failure that a person can act on."""

from __future__ import annotations


class StackFailure(Exception):
    """Something of the stack cannot be done. Says what, shows `lines` of output, and names the `next_step`."""

    def __init__(self, what: str, next_step: str, lines: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.lines = lines


def not_running(start: str = "make up") -> StackFailure:
    """What is asked of a stack that does not run."""
    return StackFailure("The stack is not running.", f"Start it: {start}")
