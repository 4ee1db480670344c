"""Silences: checks a request before Alertmanager gets it, creates and expires silences, and matches them with alerts.

The console writes nothing else. Only pages of this console may create or expire a silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nicegui import Client
from starlette.datastructures import Headers

from console.access import same_origin
from console.services import services
from stores.alerts import Matcher, Silence

DURATIONS: Mapping[str, float] = {
    "30 min": 1_800, "1 h": 3_600, "2 h": 7_200, "4 h": 14_400, "1 day": 86_400, "1 week": 604_800,
}  # fmt: skip
LONGEST_S = 30 * 86_400.0  # for longer, change the alert's rule instead
LONGEST_TEXT = 1_000  # characters of a comment
LONGEST_NAME = 100
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(m|min|h|d|w)", re.ASCII)
_UNITS_S = {"m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class InvalidSilence(ValueError):
    """The request for a silence is incomplete or wrong; the message says what to change."""


@dataclass(frozen=True)
class SilenceRequest:
    matchers: tuple[Matcher, ...]
    duration_s: float
    comment: str
    author: str

    @classmethod
    def of(cls, labels: Mapping[str, str], duration_s: float, comment: str, author: str) -> SilenceRequest:
        """A silence for every alert that has these labels.

        Raises:
            InvalidSilence: a value is missing or out of range.
        """
        if not labels:
            raise InvalidSilence("Select at least one label: without labels, every alert would be silenced.")
        if not 0 < duration_s <= LONGEST_S:
            raise InvalidSilence(f"A silence can last up to {LONGEST_S / 86_400:.0f} days.")
        comment, author = comment.strip(), author.strip()
        if not comment:
            raise InvalidSilence("Enter a comment: the next person on call needs to know why.")
        if len(comment) > LONGEST_TEXT or len(author) > LONGEST_NAME:
            raise InvalidSilence(f"A comment can have up to {LONGEST_TEXT} characters, a name up to {LONGEST_NAME}.")
        matchers = tuple(Matcher(name, value) for name, value in sorted(labels.items()))
        return cls(matchers, duration_s, comment, author or "console")


def parse_duration(text: str) -> float:
    """Seconds of `90 min`, `4 h`, `1.5d`.

    Raises:
        InvalidSilence: the text is not a duration.
    """
    parsed = _DURATION.fullmatch(text.strip().lower())
    if parsed is None:
        raise InvalidSilence(f"{text.strip()[:30]!r} is not a duration. Use for example 90m, 4h or 2d.")
    return float(parsed[1]) * _UNITS_S[parsed[2]]


def matches(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(_matches(one, labels.get(one.name, "")) for one in matchers)


def matcher_text(matcher: Matcher) -> str:
    """For example `model=gpt-4o`."""
    operators = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    return f"{matcher.name}{operators[matcher.is_equal, matcher.is_regex]}{matcher.value}"


def current(silences: Iterable[Silence]) -> list[Silence]:
    return sorted((one for one in silences if one.state != "expired"), key=lambda one: one.ends)


def expired(silences: Iterable[Silence], since: float) -> list[Silence]:
    ended = [one for one in silences if one.state == "expired" and one.ends >= since]
    return sorted(ended, key=lambda one: -one.ends)


def _matches(matcher: Matcher, value: str) -> bool:
    if not matcher.is_regex:
        return (matcher.value == value) is matcher.is_equal
    try:
        return bool(re.fullmatch(matcher.value, value)) is matcher.is_equal
    except re.error:
        return False  # Go's regular expressions know forms that Python's do not


class CrossOriginRefused(PermissionError):
    def __init__(self) -> None:
        super().__init__("Refused: this request does not come from a page of this console. Reload the page.")


async def create_silence(client: Client, request: SilenceRequest) -> str:
    """Returns the id of the new silence. Raises CrossOriginRefused or StoreError."""
    refuse_cross_origin(client)
    alerts = services().stores.alerts
    return await services().ask(
        alerts.create_silence, request.matchers, request.duration_s, request.comment, request.author
    )


async def expire_silence(client: Client, silence_id: str) -> None:
    """End a silence now. Raises CrossOriginRefused or StoreError."""
    refuse_cross_origin(client)
    await services().ask(services().stores.alerts.expire_silence, silence_id)


def refuse_cross_origin(client: Client) -> None:
    """Check that a page of this console opened the connection of `client`.

    Each message of a page carries an id that only this page was given. In addition, the browser told the origin when it
    opened the connection. `AccessControl` checks the origin as well, but a write does not rely on that.

    Raises:
        CrossOriginRefused: another site's page opened it.
    """
    scope = (client.environ or {}).get("asgi.scope", {})
    headers = Headers(raw=[*scope.get("headers", ())])
    # Without web sockets, the connection begins with a GET: it has no origin, but sec-fetch-site.
    if not same_origin(headers) and headers.get("sec-fetch-site") != "same-origin":
        raise CrossOriginRefused
