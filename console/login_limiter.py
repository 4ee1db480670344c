"""Limits how fast passwords can be guessed.

Attempts from one client are checked one after another, and each wrong password delays the next attempt. A correct
password waits like any other, so the waiting time tells a guesser nothing. Nobody is locked out. Remote clients never
block a login from this machine.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from stack.settings import is_loopback

FIRST_DELAY_S: Final = 1.0  # after the first wrong password; doubles with each further one, up to LONGEST_DELAY_S
LONGEST_DELAY_S: Final = 4.0
MAX_PER_CLIENT: Final = 5  # attempts in progress; with LONGEST_DELAY_S each, no attempt waits longer than 20 s
MAX_REMOTE: Final = 20  # attempts in progress from all other machines together
FORGET_AFTER_S: Final = 300.0


class TooManyAttempts(Exception):
    """The limit of attempts in progress is reached."""


@dataclass
class ClientAttempts:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    in_progress: int = 0
    failures: int = 0  # wrong passwords since the last correct one
    last_used: float = 0.0  # time.monotonic()

    async def delay_after_failure(self) -> None:
        """Wait. The caller holds the lock, so no other attempt of this client is checked meanwhile."""
        self.failures += 1
        await asyncio.sleep(min(FIRST_DELAY_S * 2.0 ** min(self.failures - 1, 10), LONGEST_DELAY_S))

    def reset(self) -> None:
        self.failures = 0


class LoginLimiter:
    def __init__(self) -> None:
        self._clients: dict[str, ClientAttempts] = {}

    @asynccontextmanager
    async def attempt(self, address: str) -> AsyncIterator[ClientAttempts]:
        """Wait until an attempt from `address` may be checked.

        Raises:
            TooManyAttempts: too many attempts are in progress, so this attempt is refused.
        """
        now = time.monotonic()
        self._clients = {
            name: client
            for name, client in self._clients.items()
            if client.in_progress or now - client.last_used < FORGET_AFTER_S
        }
        remote = sum(client.in_progress for name, client in self._clients.items() if not is_loopback(name))
        client = self._clients.setdefault(_client_key(address), ClientAttempts())
        if client.in_progress >= MAX_PER_CLIENT or (remote >= MAX_REMOTE and not is_loopback(address)):
            raise TooManyAttempts
        client.in_progress += 1
        try:
            async with client.lock:
                yield client
        finally:
            client.in_progress -= 1
            client.last_used = time.monotonic()


def _client_key(address: str) -> str:
    """The address, or the /64 network of an IPv6 address: one machine can use every address of its /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if ip.version == 4 or ip.is_loopback else str(ipaddress.ip_network((ip, 64), strict=False))
