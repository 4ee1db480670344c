"""The histogram has a fitting number of bars, and its rarest values are merged."""

from __future__ import annotations

from console.logs.histogram import rows_of, step_for
from stores.logs import Histogram


def test_the_step_fits_the_time_range() -> None:
    for length in (1, 60, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 70 * 86_400):
        step = step_for(length)
        assert length / step <= 80
        assert length / step >= 8 or length == 1


def test_the_most_frequent_values_come_first_and_the_rest_is_merged() -> None:
    counts = Histogram(
        1.0, (0.0, 1.0), {"": (1, 1), "error": (0, 9), "nothing": (0, 0), **{f"m{i}": (i, 0) for i in range(3, 11)}}
    )
    rows = rows_of(counts)
    assert [row["name"] for row in rows] == ["m10", "error", "m9", "m8", "m7", "m6", "m5", "4 more"]
    assert rows[1]["color"] == "bad"
    assert rows[-1]["counts"] == [8, 1]
    assert sum(sum(row["counts"]) for row in rows) == sum(map(sum, counts.counts.values()))  # type: ignore[arg-type]
