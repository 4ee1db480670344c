"""What can go wrong when a store is asked: each error names the server, the URL and the next step."""

from __future__ import annotations


class StoreError(Exception):
    """A store gave no usable answer. Says which server at which URL, what happened, and what to do."""

    def __init__(self, server: str, url: str, what: str, next_step: str) -> None:
        super().__init__(f"{server} {what} ({url})\n-> {next_step}")
        self.server = server
        self.url = url
        self.what = what
        self.next_step = next_step


class StoreUnreachable(StoreError):
    """Nothing answers there."""

    def __init__(self, server: str, url: str, reason: str) -> None:
        super().__init__(
            server,
            url,
            f"cannot be reached: {reason}",
            "`make status` shows what runs, `make up` starts it; ports stand in .env.",
        )


class StoreTimeout(StoreError):
    """It did not answer in time."""

    def __init__(self, server: str, url: str, what: str) -> None:
        super().__init__(server, url, what, "Ask for a shorter period or for less, or give the store a longer timeout.")


class StoreNotReady(StoreError):
    """It runs, and cannot be used yet, or not any more."""

    def __init__(self, server: str, url: str, said: str) -> None:
        super().__init__(
            server,
            url,
            f"is not ready: {said}",
            f"It may be starting: try again in some seconds; `make logs SERVICE={server}` shows why it is not.",
        )


class QueryRefused(StoreError):
    """It understood nothing, or did not want to. `said` is its own message."""

    def __init__(self, server: str, url: str, said: str) -> None:
        super().__init__(
            server, url, f"refused: {said}", "Correct what was asked for; the server's own message says where."
        )
        self.said = said


class BadAnswer(StoreError):
    """It failed, or what answers there is another server."""

    def __init__(self, server: str, url: str, what: str) -> None:
        super().__init__(
            server,
            url,
            what,
            f"See that {server} and nothing else listens there (ports in .env); `make logs SERVICE={server}` shows "
            "what it says.",
        )
