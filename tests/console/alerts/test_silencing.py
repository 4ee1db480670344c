"""Requests for silences are checked, and silences are matched with alerts."""

from __future__ import annotations

import pytest
from sample_alerts import T0, silence

from console.alerts.silencing import (
    InvalidSilence,
    SilenceRequest,
    current,
    expired,
    matcher_text,
    matches,
    parse_duration,
)
from stores.alerts import Matcher


def test_a_request_has_one_matcher_per_label() -> None:
    request = SilenceRequest.of({"model": "m", "alertname": "A"}, 3600, " why ", " ")
    assert request.matchers == (Matcher("alertname", "A"), Matcher("model", "m"))
    assert (request.comment, request.author) == ("why", "console")


@pytest.mark.parametrize(
    ("labels", "seconds", "comment", "author", "message"),
    [
        ({}, 60, "c", "a", "every alert would be silenced"),
        ({"a": "b"}, 0, "c", "a", "up to 30 days"),
        ({"a": "b"}, float("nan"), "c", "a", "up to 30 days"),
        ({"a": "b"}, 31 * 86_400, "c", "a", "up to 30 days"),
        ({"a": "b"}, 60, "  ", "a", "Enter a comment"),
        ({"a": "b"}, 60, "c" * 1001, "a", "1000 characters"),
        ({"a": "b"}, 60, "c", "a" * 101, "1000 characters"),
    ],
)
def test_an_invalid_request_names_the_problem(
    labels: dict[str, str], seconds: float, comment: str, author: str, message: str
) -> None:
    with pytest.raises(InvalidSilence, match=message):
        SilenceRequest.of(labels, seconds, comment, author)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("4 h", 14_400), ("1.5d", 129_600), ("30 min", 1800), (" 1W ", 604_800)]
)
def test_valid_durations_are_parsed(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "4", "-4h", "1e9h", "4 hours", "4h 30m", "٤h"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidSilence, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("matcher", "holds"),
    [
        (Matcher("model", "m"), True),
        (Matcher("model", "x"), False),
        (Matcher("model", "x", is_equal=False), True),
        (Matcher("model", "m|n", is_regex=True), True),
        (Matcher("model", "m", is_equal=False, is_regex=True), False),
        (Matcher("absent", ""), True),
        (Matcher("model", "(?P<", is_regex=True), False),
    ],
)
def test_a_silence_matches_labels_as_alertmanager_does(matcher: Matcher, holds: bool) -> None:
    assert matches([matcher], {"model": "m"}) is holds


def test_silences_are_split_into_current_and_expired() -> None:
    silences = [
        silence(ends=T0 + 900, silence_id="a"),
        silence(ends=T0 + 60, silence_id="b"),
        silence("expired", T0, "c"),
    ]
    assert [one.id for one in current(silences)] == ["b", "a"]
    assert [one.id for one in expired(silences, T0 - 1)] == ["c"]
    assert expired(silences, T0 + 1) == []
    assert matcher_text(Matcher("model", "a.*", is_equal=False, is_regex=True)) == "model!~a.*"
