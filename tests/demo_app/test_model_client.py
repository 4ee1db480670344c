"""Retry-After is read in every form, and the waits between attempts grow up to a limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from demo_app import model_client


def refusal(value: str | None) -> Any:
    error: Any = RuntimeError()
    error.response = SimpleNamespace(headers={} if value is None else {"retry-after": value})
    return error


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3),
        ("0.5", 0.5),
        ("0", 0),
        ("-2", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_in_seconds_is_read(value: str | None, seconds: float | None) -> None:
    assert model_client._retry_after_s(refusal(value)) == seconds


def test_retry_after_as_a_date_is_read() -> None:
    now = datetime.now(UTC)
    ahead = model_client._retry_after_s(refusal(format_datetime(now + timedelta(seconds=90), usegmt=True)))
    assert ahead is not None
    assert 60 < ahead <= 90
    assert model_client._retry_after_s(refusal(format_datetime(now - timedelta(days=1), usegmt=True))) == 0
    assert model_client._retry_after_s(refusal("Fri, 31 Dec 1999 23:59:59 -0000")) == 0


def test_an_error_without_response_has_no_retry_after() -> None:
    assert model_client._retry_after_s(RuntimeError()) is None


def test_backoff_grows_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_client, "_FIRST_WAIT_S", 0.2)
    monkeypatch.setattr(model_client.random, "uniform", lambda *_: 1.0)
    waits = [model_client._wait_s(SimpleNamespace(outcome=None, attempt_number=number)) for number in range(1, 8)]  # type: ignore[arg-type]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
