"""Links of panels and cells: Grafana's templates filled in, and never to anything but a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from console.dashboards.model import Json
from console.dashboards.plan import Shown
from console.dashboards.variables import written_plain


@dataclass(frozen=True)
class Link:
    """Where a link leads."""

    title: str
    url: str
    new_tab: bool


def links_of(items: Sequence[Json], shown: Shown, runbooks: Path, cell: str = "") -> list[Link]:
    """The links, filled in; `cell` is the value of a table's cell (`__value.raw`). What is no page is left out."""
    found = []
    for item in items:
        url = local(_filled(str(item.get("url") or ""), shown, cell, encode=True), runbooks)
        if url:
            title = _filled(str(item.get("title") or url), shown, cell, encode=False)
            found.append(Link(title, url, bool(item.get("targetBlank"))))
    return found


def _filled(text: str, shown: Shown, cell: str, *, encode: bool) -> str:
    text = text.replace("${__value.raw}", quote(cell, safe="") if encode else cell)
    times = "&".join(f"{name}={quote(value, safe='/')}" for name, value in shown.range.parameters().items())
    return written_plain(text, shown.variables, {"__url_time_range": times})


def local(url: str, runbooks: Path) -> str:
    """A page's address; one of a runbook that is here leads to this console's own page of it. Else empty."""
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
