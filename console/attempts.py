"""How fast passwords can be tried: one at a time from an address, slower after every wrong one.

A right password waits for its turn like any other, so that waiting tells nothing; nobody is locked out. What comes from
elsewhere takes no turn from this machine.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from console.settings import is_loopback

WRONG_COSTS_S: Final = 1.0  # the first one; twice as much each time, up to the most
WRONG_COSTS_MOST_S: Final = 4.0
MOST_WAITING: Final = 5  # from one address; with the most that each may cost, nobody waits longer than 20 s
MOST_AT_ONCE: Final = 20  # from all other machines, however many addresses they have
FORGOTTEN_AFTER_S: Final = 300.0


class TooManyAttempts(Exception):
    """Others from there are still being checked."""


@dataclass
class Turn:
    """The attempts from one address."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    here: int = 0  # being checked or waiting
    wrong: int = 0  # since the last right one
    last: float = 0.0  # monotonic s

    async def was_wrong(self) -> None:
        """Takes its time, in which nothing else from there is checked."""
        self.wrong += 1
        await asyncio.sleep(min(WRONG_COSTS_S * 2.0 ** min(self.wrong - 1, 10), WRONG_COSTS_MOST_S))

    def was_right(self) -> None:
        """The next wrong one is the first again."""
        self.wrong = 0


class Attempts:
    """All that are under way."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[Turn]:
        """The turn of an attempt from there.

        Raises:
            TooManyAttempts: it may not even wait.
        """
        now = time.monotonic()
        self._turns = {name: one for name, one in self._turns.items() if one.here or now - one.last < FORGOTTEN_AFTER_S}
        elsewhere = sum(one.here for name, one in self._turns.items() if not is_loopback(name))
        turn = self._turns.setdefault(_network(address), Turn())
        if turn.here >= MOST_WAITING or (elsewhere >= MOST_AT_ONCE and not is_loopback(address)):
            raise TooManyAttempts
        turn.here += 1
        try:
            async with turn.lock:
                yield turn
        finally:
            turn.here -= 1
            turn.last = time.monotonic()


def _network(address: str) -> str:
    """Who has an address of IPv6 has 2⁶⁴ of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 or found.is_loopback else str(ipaddress.ip_network((found, 64), strict=False))
