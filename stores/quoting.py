"""Writes text and numbers into queries. LogQL, LogsQL, TraceQL and Alertmanager's matchers all use Go's literals."""

from __future__ import annotations

import json
from decimal import Decimal


def quoted(text: str) -> str:
    r"""`text` as a string literal: quotes, backslashes, newlines and control characters are escaped.

    Go reads JSON's escapes except surrogate pairs such as `\ud83d\ude00`, so characters beyond ASCII are not escaped.

    Raises:
        ValueError: the text has half of a surrogate pair.
    """
    text.encode()
    return json.dumps(text, ensure_ascii=False)


def plain(value: str | int | float | bool) -> str:
    """`value` as text without quotes; booleans as `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(value: int | float) -> str:
    """`value` without an exponent, which some of these languages do not read."""
    return format(Decimal(repr(value)), "f")
