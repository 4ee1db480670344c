"""Gives back what closed pages took: its parts refer to each other, and the C library keeps what is freed."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from typing import Final

from nicegui import app

_AFTER_S: Final = 10.0  # many pages that are closed together are cleared away together
_waiting: set[asyncio.TimerHandle] = set()


def set_up() -> None:
    """Clear away a moment after pages were closed."""
    app.on_delete(_closed)


def _closed() -> None:
    if not _waiting:
        _waiting.add(asyncio.get_running_loop().call_later(_AFTER_S, _clear))


def _clear() -> None:
    _waiting.clear()
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim:
            trim(0)
