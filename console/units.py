"""Formats numbers with units: `formatted(1534, "ms")` is `1.53 s`.

Units have Grafana's names. The browser gets the table of units too (`as_json`) and formats the labels of axes and
tooltips by the same rules in `static/console.js`. A test compares both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final


@dataclass(frozen=True)
class Step:
    """An absolute value of at least `at` is shown as `value / divisor` with `suffix`."""

    at: float
    divisor: float
    suffix: str


@dataclass(frozen=True)
class Unit:
    """The first step has no lower limit."""

    steps: tuple[Step, ...]
    prefix: str = ""
    suffix: str = ""  # after each step's own
    factor: float = 1.0
    digits: int = 0  # decimals that are shown even when they are zero


def _scale(*steps: tuple[float, str]) -> tuple[Step, ...]:
    return tuple(Step(0.0 if index == 0 else at, at, suffix) for index, (at, suffix) in enumerate(steps))


_THOUSANDS: Final = _scale((1, ""), (1e3, " K"), (1e6, " M"), (1e9, " B"), (1e12, " T"))
_PLAIN: Final = _scale((1, ""))
_SECONDS: Final = ((1.0, " s"), (60.0, " min"), (3600.0, " h"), (86_400.0, " d"))
_IEC: Final = tuple((1024.0**power, f" {name}") for power, name in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB")))


UNITS: Final[Mapping[str, Unit]] = {
    "none": Unit(_PLAIN),
    "short": Unit(_THOUSANDS),
    "locale": Unit(_PLAIN),
    "percentunit": Unit(_PLAIN, suffix=" %", factor=100.0),
    "ms": Unit(_scale((1, " ms"), *((1e3 * size, suffix) for size, suffix in _SECONDS))),
    # Grafana shows less than a second in milliseconds.
    "s": Unit((Step(0.0, 1e-3, " ms"), *(Step(at, at, suffix) for at, suffix in _SECONDS))),
    "bytes": Unit(_scale(*_IEC)),
    # Tenths of a cent below ten dollars, cents above.
    "currencyUSD": Unit(_THOUSANDS, prefix="$", digits=2),
    "reqpm": Unit(_THOUSANDS, suffix=" req/min"),
    "cps": Unit(_THOUSANDS, suffix=" /s"),
}
_MOST_DIGITS: Final = 12


def unit_of(name: str) -> Unit:
    """The unit called `name`. `suffix: ×` defines a unit; the name of an unknown unit becomes the suffix."""
    suffix = name.removeprefix("suffix:") if name.startswith("suffix:") else f" {name}"
    return UNITS.get(name or "none") or Unit(_THOUSANDS, suffix=suffix)


def formatted(value: float | None, unit: str = "none", decimals: int | None = None) -> str:
    """`value` with its unit; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    known = unit_of(unit)
    amount = abs(value) * known.factor
    step = _step(known, amount)
    scaled = amount / step.divisor
    text = _digits(scaled, _decimals(scaled, known, decimals), kept=known.digits if decimals is None else decimals)
    minus = "−" if value < 0 and float(text.replace(",", "")) else ""
    return f"{minus}{known.prefix}{text}{step.suffix}{known.suffix}"


def _step(unit: Unit, amount: float) -> Step:
    if amount == 0 and len(unit.steps) > 1 and unit.steps[1].at == unit.steps[1].divisor == 1.0:
        return unit.steps[1]  # 0 s, not 0 ms
    chosen = unit.steps[0]
    for step in unit.steps[1:]:
        if amount >= step.at:
            chosen = step
    return chosen


def _decimals(scaled: float, unit: Unit, decimals: int | None) -> int:
    """The number of decimals: three significant digits by default, more where the number would look like zero."""
    if scaled == 0:
        return decimals or 0
    if decimals is None:
        if unit.digits:
            return max(unit.digits, 3 if scaled < 10 else 2, _first_digit(scaled) + 2)
        decimals = 0 if scaled >= 100 else 1 if scaled >= 10 else 2 if scaled >= 1 else _first_digit(scaled) + 2
    elif scaled < 0.5 * float(f"1e-{decimals}"):
        decimals = _first_digit(scaled)
    return min(decimals, _MOST_DIGITS)


def _first_digit(scaled: float) -> int:
    """The decimal place of the first digit that is not zero: 2 for 0.05, 0 for 1 and more."""
    place, limit = 0, 1.0
    while scaled < limit and place < _MOST_DIGITS:
        place += 1
        limit = float(f"1e-{place}")
    return place


def _digits(scaled: float, decimals: int, kept: int) -> str:
    rounded = Decimal(scaled).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, point, rest = f"{rounded:,f}".partition(".")
    rest = rest[:kept] + rest[kept:].rstrip("0")
    return f"{whole}{point if rest else ''}{rest}"


def as_json() -> dict[str, Any]:
    return {name: asdict(unit) for name, unit in UNITS.items()}
