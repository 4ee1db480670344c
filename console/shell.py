"""The frame around every page: header, navigation, theme.

    @ui.page("/logs")
    async def page(request: Request) -> None:
        address = Address.of(request)
        with page_frame("Logs", active="logs") as head:
            body = ui.column()

            async def ask() -> None:
                ...

            with head:                      # the line with the title: controls go to its right
                times = TimeBar(address, ask)
            ui.timer(0, ask, once=True)     # asked as soon as the page is shown

Looks come from `static/console.css` (classes btn, card, chip, field, input, plain-table, toolbar, state; colours as
variables). There is no Tailwind: a page needs no compiler, so classes such as `gap-4` do nothing. `states` has what an
element shows while it loads, has nothing, or failed. `Services.ask` asks a store in a thread.
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
    """A page called `title`; `active` is the entry of the navigation. Gives the line of the title, for controls."""
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
        toggle = button("", "Dark or light").classes("icon flat")
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
    """A heading of a page's outline."""
    return with_text(f"h{level}", text)


def with_text(tag: str, text: str) -> ui.element:
    """An element whose text stands in it as it is."""
    made = ui.element(tag)
    made._text = text
    return made


def set_up() -> None:
    """Once, before the first page: style, script and table of units on every page."""
    app.add_static_files("/static", STATIC, max_cache_age=3600)
    table = json.dumps(units.as_json(), ensure_ascii=True).replace("<", "\\u003c")
    ui.add_head_html(
        f'<link rel="stylesheet" href="{static("console.css")}"><script src="{static("console.js")}"></script>'
        f"<script>consoleUi.setUnits({table})</script>",
        shared=True,
    )


@cache
def static(name: str) -> str:
    """Address of a file of `static`, another one when the file changes."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def _mark() -> None:
    """The sign of the console: three bars of a chart."""
    with ui.element("svg").props('viewBox="0 0 22 22" aria-hidden="true"'):
        for x, y, color in ((2, 11, "accent"), (9, 5, "good"), (16, 8, "warn")):
            ui.element("rect").props(f'x="{x}" y="{y}" width="4" height="{20 - y}" rx="1.5" fill="var(--{color})"')
