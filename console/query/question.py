"""The address of a page that asks Prometheus one question."""

from __future__ import annotations

from urllib.parse import urlencode


def page_of(promql: str) -> str:
    """Where the console shows the answer to a query, over the last hour."""
    return f"/query?{urlencode({'expr': promql})}"
