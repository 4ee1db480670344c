"""What a silence is made of, checked before Alertmanager is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stores.alerts import Matcher, Silence

DURATIONS: Mapping[str, float] = {
    "30 min": 1_800, "1 h": 3_600, "2 h": 7_200, "4 h": 14_400, "1 day": 86_400, "1 week": 604_800,
}  # fmt: skip
LONGEST_S = 30 * 86_400.0  # beyond it, an alert should be changed and not silenced
LONGEST_TEXT = 1_000  # characters of a comment
LONGEST_NAME = 100
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(m|min|h|d|w)", re.ASCII)
_UNITS_S = {"m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class NotSilenced(ValueError):
    """The silence cannot be made; the message says what to change."""


@dataclass(frozen=True)
class SilenceRequest:
    """A silence that somebody asks for."""

    matchers: tuple[Matcher, ...]
    duration_s: float
    comment: str
    author: str

    @classmethod
    def of(cls, labels: Mapping[str, str], duration_s: float, comment: str, author: str) -> SilenceRequest:
        """A silence of every alert that has these labels.

        Raises:
            NotSilenced: it lacks something.
        """
        if not labels:
            raise NotSilenced("Choose at least one label: without any, every alert would be silenced.")
        if not 0 < duration_s <= LONGEST_S:
            raise NotSilenced(f"A silence lasts up to {LONGEST_S / 86_400:.0f} days.")
        comment, author = comment.strip(), author.strip()
        if not comment:
            raise NotSilenced("Say why, so that whoever comes next knows.")
        if len(comment) > LONGEST_TEXT or len(author) > LONGEST_NAME:
            raise NotSilenced(f"A comment has up to {LONGEST_TEXT} characters, a name up to {LONGEST_NAME}.")
        matchers = tuple(Matcher(name, value) for name, value in sorted(labels.items()))
        return cls(matchers, duration_s, comment, author or "console")


def length_of(text: str) -> float:
    """Seconds of `90 min`, `4 h`, `1.5d`.

    Raises:
        NotSilenced: it is no such length.
    """
    found = _LENGTH.fullmatch(text.strip().lower())
    if found is None:
        raise NotSilenced(f"{text.strip()[:30]!r} is no length; write one such as 90m, 4h or 2d.")
    return float(found[1]) * _UNITS_S[found[2]]


def fits(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether a silence of these matchers holds for an alert with these labels."""
    return all(_fits(one, labels.get(one.name, "")) for one in matchers)


def written(matcher: Matcher) -> str:
    """`model=gpt-4o`, for people."""
    operator = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    return f"{matcher.name}{operator[matcher.is_equal, matcher.is_regex]}{matcher.value}"


def running(silences: Iterable[Silence]) -> list[Silence]:
    """Those that hold or will hold, the one that ends first first."""
    return sorted((one for one in silences if one.state != "expired"), key=lambda one: one.ends)


def expired(silences: Iterable[Silence], since: float) -> list[Silence]:
    """Those that ended after `since`, the last one first."""
    over = [one for one in silences if one.state == "expired" and one.ends >= since]
    return sorted(over, key=lambda one: -one.ends)


def _fits(matcher: Matcher, value: str) -> bool:
    if not matcher.is_regex:
        return (matcher.value == value) is matcher.is_equal
    try:
        return bool(re.fullmatch(matcher.value, value)) is matcher.is_equal
    except re.error:
        return False  # Go's expressions have some that Python has not
