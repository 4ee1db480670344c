"""Links of dashboards, panels and table cells, with variables filled in. Only addresses of pages become links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from console.dashboards.model import Json
from console.dashboards.panel_queries import QueryContext
from console.dashboards.variables import interpolate_text


@dataclass(frozen=True)
class DashboardLink:
    title: str
    url: str
    new_tab: bool


def dashboard_links(
    items: Sequence[Json], context: QueryContext, runbooks: Path, cell: str = ""
) -> list[DashboardLink]:
    """The links of `items`; `cell` is the value of a table cell (`__value.raw`)."""
    found = []
    for item in items:
        url = page_address(_interpolate(str(item.get("url") or ""), context, quote(cell, safe="")), runbooks)
        if url:
            title = _interpolate(str(item.get("title") or url), context, cell)
            found.append(DashboardLink(title, url, bool(item.get("targetBlank"))))
    return found


def _interpolate(text: str, context: QueryContext, cell: str) -> str:
    time_range = "&".join(f"{name}={quote(value, safe='/')}" for name, value in context.range.parameters().items())
    text = text.replace("${__value.raw}", cell)
    return interpolate_text(text, context.variables, {"__url_time_range": time_range})


def page_address(url: str, runbooks: Path) -> str:
    """`url`, if it is the address of a page, else empty. A runbook of this repository opens in the console."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.scheme and not parts.netloc:
        return url if re.match(r"/(?![/\\])", url) else ""
    if parts.scheme not in ("http", "https"):
        return ""
    match = re.fullmatch(r"/runbooks(?:/(\w+))?/?", parts.path)
    if match and (not match[1] or (runbooks / f"{match[1]}.md").is_file()):
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return url
