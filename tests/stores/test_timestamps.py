"""Times are read and written as RFC 3339, and a period starts before it ends."""

from __future__ import annotations

import pytest

from stores.timestamps import from_rfc3339, resolve_period, rfc3339


def test_times_and_periods() -> None:
    assert rfc3339(1_795_000_000.125) == "2026-11-18T11:06:40.125000000Z"
    assert from_rfc3339("2026-11-18T11:06:40.125000000Z") == 1_795_000_000.125
    assert from_rfc3339("2026-11-18T12:06:40.125999999+01:00") == pytest.approx(1_795_000_000.126, abs=2e-6)
    assert resolve_period(1.0, 2.0) == (1.0, 2.0)
    assert resolve_period(None, 5000.0) == (1400.0, 5000.0)
    with pytest.raises(ValueError, match="before it starts"):
        resolve_period(2.0, 1.0)
    with pytest.raises(ValueError, match="without a zone"):
        from_rfc3339("2026-11-18T11:06:40")
