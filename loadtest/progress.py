"""Progress of a run on standard output: one line that changes; where that is not possible, a line every ten seconds."""

from __future__ import annotations

import shutil
import sys
import time

_EVERY_S = 10.0


class Progress:
    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._printed_at = 0.0
        self._line_open = False

    def update(self, text: str) -> None:
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", flush=True)
            self._line_open = True
        elif time.monotonic() - self._printed_at >= _EVERY_S:
            self._printed_at = time.monotonic()
            print(text, flush=True)

    def print(self, text: str = "") -> None:
        if self._line_open:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + " " * width + "\r", end="")
            self._line_open = False
        print(text, flush=True)
        self._printed_at = 0.0
