"""Proves how numbers are written with their units."""

from __future__ import annotations

import math

import pytest

from console.units import UNITS, as_json, formatted


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0, "ms", None, "0 ms"),
        (380, "ms", None, "380 ms"),
        (1534, "ms", None, "1.53 s"),
        (90_000, "ms", None, "1.5 min"),
        (0.25, "s", None, "250 ms"),
        (0, "s", None, "0 s"),
        (15.4 * 86_400, "s", None, "15.4 d"),
        (0.0123, "percentunit", None, "1.23 %"),
        (0.385, "percentunit", 1, "38.5 %"),
        (1, "percentunit", None, "100 %"),
        (12_345, "short", None, "12.3 K"),
        (7, "short", 0, "7"),
        (2048, "bytes", None, "2 KiB"),
        (5 * 1024**3, "bytes", None, "5 GiB"),
        (48.2, "reqpm", None, "48.2 req/min"),
        (3.5, "cps", None, "3.5 /s"),
        (1.3, "suffix: ×", 2, "1.30 ×"),
        (0.8125, "none", 2, "0.81"),
        (-0.06, "percentunit", 1, "−6.0 %"),
        (12_345_678, "none", None, "12,345,678"),
        (5, "furlongs", None, "5 furlongs"),
    ],
)
def test_a_value_is_written_with_its_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert formatted(value, unit, decimals) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0124, None, "$0.0124"),
        (0.0124, 3, "$0.012"),
        (1.234, None, "$1.234"),  # a tenth of a cent
        (0.00042, 3, "$0.0004"),  # not $0.000, which looks like zero
        (0.0, 3, "$0.000"),
        (61.97, None, "$61.97"),
        (22_617, 3, "$22.617 K"),
        (-3.5, None, "−$3.50"),
    ],
)
def test_small_amounts_of_money_have_tenths_of_a_cent(value: float, decimals: int | None, text: str) -> None:
    assert formatted(value, "currencyUSD", decimals) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞")])
def test_a_missing_or_infinite_value_is_written_as_a_sign(value: float | None, text: str) -> None:
    assert formatted(value, "ms") == text


def test_a_value_that_is_not_zero_is_never_written_as_zero() -> None:
    for unit in UNITS:
        for decimals in (None, 0, 1, 2, 3):
            text = formatted(0.000_012_3, unit, decimals)
            assert any(digit in "123456789" for digit in text), (unit, decimals, text)


def test_the_table_for_the_browser_has_every_unit() -> None:
    table = as_json()
    assert set(table) == set(UNITS)
    assert table["ms"]["steps"][1] == {"at": 1000.0, "divisor": 1000.0, "suffix": " s"}
