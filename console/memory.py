"""Returns the memory of closed pages to the operating system.

The objects of a page refer to each other in cycles, so only the garbage collector frees them, and glibc keeps freed
memory until `malloc_trim` is called.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from typing import Final

from nicegui import app

_DELAY_S: Final = 10.0  # pages that close within this time are freed together
_scheduled: set[asyncio.TimerHandle] = set()


def set_up() -> None:
    app.on_delete(_schedule)


def _schedule() -> None:
    if not _scheduled:
        _scheduled.add(asyncio.get_running_loop().call_later(_DELAY_S, _free))


def _free() -> None:
    _scheduled.clear()
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it
        if trim:
            trim(0)
