"""Errors of asking a store. Each names the server, its URL and the next step."""

from __future__ import annotations


class StoreError(Exception):
    """A store gave no usable answer."""

    what = "{message}"
    next_step = ""

    def __init__(self, server: str, url: str, message: str) -> None:
        self.server = server
        self.url = url
        self.message = message
        self.what = self.what.format(message=message)
        self.next_step = self.next_step.format(server=server)
        super().__init__(f"{server} {self.what} ({url})\n-> {self.next_step}")


class StoreUnreachable(StoreError):
    """Nothing answers at the URL."""

    what = "cannot be reached: {message}"
    next_step = "`make status` shows which servers run, `make up` starts them; .env has their ports."


class StoreTimeout(StoreError):
    """The server did not answer in time."""

    next_step = "Ask for a shorter period or for fewer results, or raise the timeout."


class StoreNotReady(StoreError):
    """The server runs, but cannot be used now."""

    what = "is not ready: {message}"
    next_step = "It may still be starting: try again in some seconds. Its log: `make logs SERVICE={server}`."


class QueryRefused(StoreError):
    """The server refused the query. `message` is the server's own."""

    what = "refused: {message}"
    next_step = "Correct the query; the server's message says where it is wrong."


class BadAnswer(StoreError):
    """The server failed, or another server answers at its URL."""

    next_step = "Check that {server} and nothing else listens there (see .env), and see `make logs SERVICE={server}`."
