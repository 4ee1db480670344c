"""Links of panels and cells: Grafana's templates filled in, and never to anything but a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def links_of(items: Sequence[Json], shown: Shown, runbooks: Path, cell: Mapping[str, str] | None = None) -> list[Link]:
    """The links, filled in; `cell` has what a table's cell puts in (`__value.raw`). What is no page is left out."""
    found = []
    for item in items:
        url = local(_filled(str(item.get("url") or ""), shown, cell or {}, encode=True), runbooks)
        if url:
            title = _filled(str(item.get("title") or url), shown, cell or {}, encode=False)
            found.append(Link(title, url, bool(item.get("targetBlank"))))
    return found


def _filled(text: str, shown: Shown, cell: Mapping[str, str], *, encode: bool) -> str:
    for name, value in cell.items():
        text = text.replace(f"${{{name}}}", quote(value, safe="") if encode else value)
    span = shown.range.absolute(shown.now)
    times = "&".join(f"{name}={quote(value, safe='/')}" for name, value in shown.range.parameters().items())
    every = "&".join(written_plain(f"${{{one.name}:queryparam}}", shown.variables) for one in shown.variables)
    macros = {
        "__url_time_range": times,
        "__all_variables": every,
        "__from": str(round(span.start * 1000)),
        "__to": str(round(span.end * 1000)),
    }
    return written_plain(text, shown.variables, macros)


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
