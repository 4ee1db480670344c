"""The frame around every page: header, navigation, theme.

Styles are in `static/console.css` (classes btn, card, chip, field, input, plain-table, toolbar, state; colours are
variables). Tailwind is off, so classes such as `gap-4` do nothing. `states` draws the states loading, no data and
failed. `Services.ask` runs a blocking query in a thread.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from nicegui import app, ui

from console import units
from console.timebar import button

STATIC: Final = Path(__file__).with_name("static")
TITLE: Final = "LLM observability"
PAGES: Final = (  # name, address, text
    ("home", "/", "Home"),
    ("dashboards", "/dashboards", "Dashboards"),
    ("alerts", "/alerts", "Alerts"),
    ("traces", "/traces", "Traces"),
    ("logs", "/logs", "Logs"),
    ("runbooks", "/runbooks", "Runbooks"),
)


@contextmanager
def page_frame(title: str, active: str = "") -> Iterator[ui.element]:
    """Draw header and title; yields the title's line, for controls. `active`: the navigation entry to highlight."""
    ui.page_title(f"{title} · {TITLE}")
    ui.link("Skip to content", "#content").classes("skip")
    with ui.element("header").classes("topbar"):
        with ui.link(target="/").classes("brand").props('aria-label="Home"'):
            _mark()
            ui.label(TITLE).classes("hide-narrow")
        with ui.element("nav").props('aria-label="Pages"'):
            for name, address, text in PAGES:
                link = ui.link(text, address)
                if name == active:
                    link.props('aria-current="page"')
        ui.element("div").classes("grow")
        toggle = button("", "Switch between dark and light").classes("icon flat")
        toggle.on("click", js_handler="() => consoleUi.toggleTheme()")
        with toggle:
            ui.icon("contrast").props('aria-hidden="true"')
    with ui.element("div").classes("content").props('id="content" tabindex="-1"'):  # inside Quasar's <main>
        head = ui.element("div").classes("page-head")
        with head:
            heading(title)
            ui.element("div").classes("grow")
        yield head


def heading(text: str, level: int = 1) -> ui.element:
    return with_text(f"h{level}", text)


def with_text(tag: str, text: str) -> ui.element:
    element = ui.element(tag)
    element._text = text
    return element


def style_sheet(name: str, *, shared: bool = False) -> None:
    """Link a style sheet of `static` in the current page; with `shared` in all pages."""
    ui.add_head_html(f'<link rel="stylesheet" href="{static(name)}">', shared=shared)


def set_up() -> None:
    """Put the style sheet, the script and the table of units on every page. Call it once, before the first page."""
    app.add_static_files("/static", STATIC, max_cache_age=3600)
    table = json.dumps(units.as_json(), ensure_ascii=True).replace("<", "\\u003c")
    style_sheet("console.css", shared=True)
    ui.add_head_html(
        f'<script src="{static("console.js")}"></script><script>consoleUi.setUnits({table})</script>', shared=True
    )


@cache
def static(name: str) -> str:
    """The address of a file in `static`. It changes with the file's content, so browsers never use an old copy."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def _mark() -> None:
    """The logo: three bars of a chart."""
    with ui.element("svg").props('viewBox="0 0 22 22" aria-hidden="true"'):
        for x, y, color in ((2, 11, "accent"), (9, 5, "good"), (16, 8, "warn")):
            ui.element("rect").props(f'x="{x}" y="{y}" width="4" height="{20 - y}" rx="1.5" fill="var(--{color})"')
