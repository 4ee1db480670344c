"""Text and numbers inside a query: LogQL, LogsQL, TraceQL and Alertmanager's matchers all read Go's literals."""

from __future__ import annotations

import json
from decimal import Decimal


def quoted(text: str) -> str:
    r"""`text` as a string literal: quotes, backslashes, newlines and control characters are escaped.

    JSON's escapes are a part of Go's, but for `\ud83d\ude00`, so characters beyond ASCII stay as they are.

    Raises:
        ValueError: it holds half a surrogate pair, which is no text.
    """
    text.encode()
    return json.dumps(text, ensure_ascii=False)


def plain(value: str | int | float | bool) -> str:
    """`value` as text without quotes; yes and no are `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(value: int | float) -> str:
    """`value` in digits: not every parser of these languages reads an exponent."""
    return format(Decimal(repr(value)), "f")
