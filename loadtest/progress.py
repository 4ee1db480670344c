"""What a person sees while it runs: one line that changes, or a line every ten seconds where that cannot be."""

from __future__ import annotations

import shutil
import sys
import time

_EVERY_S = 10.0


class Progress:
    """Writes to standard output."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._said = 0.0
        self._open = False

    def update(self, text: str) -> None:
        """Show how it stands."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", flush=True)
            self._open = True
        elif time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            print(text, flush=True)

    def say(self, text: str = "") -> None:
        """Print a line that stays."""
        if self._open:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + " " * width + "\r", end="")
            self._open = False
        print(text, flush=True)
        self._said = 0.0
