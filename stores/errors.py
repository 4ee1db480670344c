"""Errors of asking a store. Each names the server, its URL and the next step."""

from __future__ import annotations


class StoreError(Exception):
    """A store gave no usable answer."""

    def __init__(self, server: str, url: str, what: str, next_step: str) -> None:
        super().__init__(f"{server} {what} ({url})\n-> {next_step}")
        self.server = server
        self.url = url
        self.what = what
        self.next_step = next_step


class StoreUnreachable(StoreError):
    """Nothing answers at the URL."""

    def __init__(self, server: str, url: str, reason: str) -> None:
        super().__init__(
            server,
            url,
            f"cannot be reached: {reason}",
            "`make status` shows which servers run, `make up` starts them; .env has their ports.",
        )


class StoreTimeout(StoreError):
    """The server did not answer in time."""

    def __init__(self, server: str, url: str, what: str) -> None:
        super().__init__(server, url, what, "Ask for a shorter period or for fewer results, or raise the timeout.")


class StoreNotReady(StoreError):
    """The server runs, but cannot be used now."""

    def __init__(self, server: str, url: str, message: str) -> None:
        super().__init__(
            server,
            url,
            f"is not ready: {message}",
            f"It may still be starting: try again in some seconds. Its log: `make logs SERVICE={server}`.",
        )


class QueryRefused(StoreError):
    """The server refused the query. `message` is the server's own."""

    def __init__(self, server: str, url: str, message: str) -> None:
        super().__init__(
            server, url, f"refused: {message}", "Correct the query; the server's message says where it is wrong."
        )
        self.message = message


class BadAnswer(StoreError):
    """The server failed, or another server answers at its URL."""

    def __init__(self, server: str, url: str, what: str) -> None:
        super().__init__(
            server,
            url,
            what,
            f"Check that {server} and nothing else listens there (see .env), and see `make logs SERVICE={server}`.",
        )
