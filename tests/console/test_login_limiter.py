"""Login attempts are limited per client, and remote clients never block this machine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from console.login_limiter import MAX_REMOTE, LoginLimiter, TooManyAttempts


def test_remote_attempts_do_not_block_this_machine() -> None:
    async def attempts() -> None:
        limiter = LoginLimiter()
        async with AsyncExitStack() as others:
            for number in range(MAX_REMOTE):
                await others.enter_async_context(limiter.attempt(f"192.0.2.{number}"))
            with pytest.raises(TooManyAttempts):
                await others.enter_async_context(limiter.attempt("198.51.100.1"))
            async with limiter.attempt("127.0.0.1") as client:
                assert client.failures == 0

    asyncio.run(attempts())


def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    async def attempts() -> None:
        limiter = LoginLimiter()
        async with limiter.attempt("2001:db8::1") as first:
            first.failures = 3
        async with limiter.attempt("2001:db8::2") as same, limiter.attempt("2001:db8:0:1::1") as other:
            assert (same.failures, other.failures) == (3, 0)

    asyncio.run(attempts())
