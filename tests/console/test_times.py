"""Proves that times, ranges and durations in Grafana's form are read and written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.times import (
    InvalidTime,
    TimeRange,
    TimeSpan,
    format_datetime,
    panel_time_range,
    parse_duration,
    parse_time,
    promql_duration,
)

NOW = datetime(2026, 11, 25, 10, 41, 7, tzinfo=UTC).timestamp()  # a Wednesday


def at(text: str) -> float:
    return datetime.fromisoformat(text + "+00:00").timestamp()


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("now", "2026-11-25T10:41:07", "2026-11-25T10:41:07"),
        ("now-6h", "2026-11-25T04:41:07", "2026-11-25T04:41:07"),
        ("now-90m", "2026-11-25T09:11:07", "2026-11-25T09:11:07"),
        ("now+1h", "2026-11-25T11:41:07", "2026-11-25T11:41:07"),
        ("now/d", "2026-11-25T00:00:00", "2026-11-25T23:59:59.999"),
        ("now-1d/d", "2026-11-24T00:00:00", "2026-11-24T23:59:59.999"),
        ("now/w", "2026-11-23T00:00:00", "2026-11-29T23:59:59.999"),
        ("now/M", "2026-11-01T00:00:00", "2026-11-30T23:59:59.999"),
        ("now-1M/M", "2026-10-01T00:00:00", "2026-10-31T23:59:59.999"),
        ("now/y", "2026-01-01T00:00:00", "2026-12-31T23:59:59.999"),
        ("now-1d/d+8h", "2026-11-24T08:00:00", "2026-11-25T07:59:59.999"),
        ("1764067267000", "2025-11-25T10:41:07", "2025-11-25T10:41:07"),
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00", "2026-11-24T14:00:00"),
        ("2026-11-24 14:00", "2026-11-24T14:00:00", "2026-11-24T14:00:00"),
        ("2026-11-24T15:00:00+01:00", "2026-11-24T14:00:00", "2026-11-24T14:00:00"),
    ],
)
def test_a_relative_or_absolute_time_is_read(text: str, begins: str, ends: str) -> None:
    assert parse_time(text, NOW) == pytest.approx(at(begins))
    assert parse_time(text, NOW, is_end=True) == pytest.approx(at(ends))


@pytest.mark.parametrize("text", ["", "yesterday", "now-", "now-6", "now-6x", "now/h/", "now-6h later", "12:00"])
def test_an_invalid_time_gives_an_error_with_examples(text: str) -> None:
    with pytest.raises(InvalidTime, match="now-6h"):
        parse_time(text, NOW)


@pytest.mark.parametrize("text", ["99999999999999999", "-99999999999999999", "9999-12-31T23:59:59-08:00", "now-90y"])
def test_a_time_out_of_the_stores_limits_becomes_the_nearest_limit(text: str) -> None:
    assert format_datetime(parse_time(text, NOW)).startswith(("1970-01-01", "2262-01-01"))


def test_a_number_of_thousands_of_digits_is_not_a_time() -> None:
    with pytest.raises(InvalidTime):
        parse_time("9" * 5000, NOW)


def test_a_range_must_not_end_before_it_begins() -> None:
    with pytest.raises(InvalidTime, match="from now to now-1h ends before it begins"):
        TimeRange("now", "now-1h").absolute(NOW)


def test_a_range_is_read_from_an_address_and_written_back() -> None:
    default = TimeRange("now-1h")
    found = TimeRange.of({"from": "now-6h", "to": "now-1h"}, default)
    assert found.parameters() == {"from": "now-6h", "to": "now-1h"}
    assert TimeRange.of({}, default) == default
    with pytest.raises(InvalidTime):
        TimeRange.of({"from": "nonsense"}, default)
    absolute = TimeRange.between(1_764_000_000.25, 1_764_003_600)
    assert absolute.absolute(NOW) == TimeSpan(1_764_000_000.25, 1_764_003_600.0)
    assert not absolute.is_relative


@pytest.mark.parametrize(
    ("since", "until", "text"),
    [
        ("now-6h", "now", "Last 6 hours"),
        ("now-1h", "now", "Last 1 hour"),
        ("now/d", "now", "Today so far"),
        ("now-1d/d", "now-1d/d", "Yesterday"),
        ("now-6h", "now-1h", "now-6h to now-1h"),
    ],
)
def test_a_range_in_words_is_as_in_grafana(since: str, until: str, text: str) -> None:
    assert TimeRange(since, until).text == text


def test_a_range_is_moved_by_half_and_zoomed_out_to_the_double() -> None:
    hour = TimeRange.between(7200, 10_800)
    assert hour.moved(-0.5).absolute() == TimeSpan(5400, 9000)
    assert hour.zoomed_out().absolute() == TimeSpan(5400, 12_600)
    widest = TimeRange("now-30d")
    for _ in range(40):
        widest = widest.zoomed_out()
    assert widest.text == "1970-01-01 00:00:00 to 2262-01-01 00:00:00"


def test_time_from_sets_the_range_to_today() -> None:
    span, about = panel_time_range(TimeRange("now-6h"), "now/d", "", NOW)
    assert (span, about) == (TimeSpan(at("2026-11-25T00:00:00"), NOW), "Today so far")


def test_time_shift_moves_the_range_to_yesterday_until_now_or_the_whole_day() -> None:
    span, about = panel_time_range(TimeRange("now-6h"), "now/d", "1d", NOW)
    assert (span, about) == (TimeSpan(at("2026-11-24T00:00:00"), NOW - 86_400), "Today so far, 1 day earlier")
    span, about = panel_time_range(TimeRange("now-6h"), "now/d", "1d/d", NOW)
    assert span.start == at("2026-11-24T00:00:00")
    assert span.end == pytest.approx(at("2026-11-24T23:59:59.999"))
    assert about == "Today so far, the whole day before"


def test_time_from_sets_the_range_to_seven_days() -> None:
    assert panel_time_range(TimeRange("now-6h"), "7d", "", NOW) == (TimeSpan(NOW - 7 * 86_400, NOW), "Last 7 days")


def test_time_from_has_no_effect_on_an_absolute_range() -> None:
    shown = TimeRange.between(10_000, 20_000)
    assert panel_time_range(shown, "7d", "", NOW) == (TimeSpan(10_000, 20_000), "")
    assert panel_time_range(shown, "", "1h", NOW) == (TimeSpan(6400, 16_400), "1 hour earlier")


@pytest.mark.parametrize(
    ("text", "duration_s"), [("15s", 15), ("1h30m", 5400), ("500ms", 0.5), ("1d", 86_400), ("1w", 604_800)]
)
def test_a_duration_is_read(text: str, duration_s: float) -> None:
    assert parse_duration(text) == duration_s


@pytest.mark.parametrize("text", ["", "5", "m", "5m ", "5 m", "-5m"])
def test_an_invalid_duration_gives_an_error(text: str) -> None:
    with pytest.raises(InvalidTime):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration_s", "text"), [(60, "1m"), (75, "75s"), (0.5, "500ms"), (1.5, "1500ms"), (86_400, "1d"), (7200, "2h")]
)
def test_a_duration_is_written_as_prometheus_reads_it(duration_s: float, text: str) -> None:
    assert promql_duration(duration_s) == text
    assert parse_duration(text) == duration_s


def test_a_time_is_written_in_utc() -> None:
    assert format_datetime(NOW) == "2026-11-25 10:41:07"
