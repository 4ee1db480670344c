"""Runbooks are rendered with all their queries, working links, and no HTML of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alert_sink.runbook_queries import log_filter, trace_filter
from alert_sink.runbooks import EXAMPLES, Html, Query, RunbookLibrary

RUNBOOKS = Path(__file__).resolve().parents[2] / "runbooks"
LIBRARY = RunbookLibrary(RUNBOOKS)
NAMES = [*LIBRARY.names(), "README"]


class Tags(HTMLParser):
    """The tags of a text, and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", NAMES)
def test_every_query_of_every_runbook_can_run(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    runbook = LIBRARY.runbook(name)
    assert runbook is not None
    queries = [part for part in runbook.parts if isinstance(part, Query)]
    assert len(queries) == sum(text.count(f"```{language}\n") for language in ("promql", "logsql", "traceql"))
    for query in queries:
        if query.language == "logsql":
            assert replace(log_filter(query.text), start=1.0, end=2.0).logsql()
        if query.language == "traceql":
            assert trace_filter(query.text).service
    html = "".join(part.html for part in runbook.parts if isinstance(part, Html))
    assert "```" not in html
    assert [anchor for anchor, _ in runbook.sections if f'id="{anchor}"' not in html] == []
    assert runbook.lead
    assert "\n" not in runbook.lead


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_existing_runbooks_or_open_a_new_tab(name: str) -> None:
    runbook = LIBRARY.runbook(name)
    assert runbook is not None
    for part in runbook.parts:
        for tag, attributes in Tags(part.html if isinstance(part, Html) else "").seen:
            if tag != "a":
                continue
            address = str(attributes["href"])
            if "://" in address:
                assert (attributes["target"], attributes["rel"]) == ("_blank", "noopener noreferrer")
            elif not address.startswith("#"):
                assert address.removeprefix("/runbooks/").split("#")[0] in NAMES, address


def test_html_in_a_runbook_is_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "LLMOne.md").write_text(
        "# LLMOne <script>x</script>\n\n<img src=x onerror=alert(1)> first `code` paragraph\nof two lines.\n\n"
        "[bad](javascript:alert(1))\n\n```promql\nup < 1\n```\n\n- in a list:\n\n  ```promql\n  up\n  ```\n\n"
        '```"><script>\nx\n```\n'
    )
    runbook = RunbookLibrary(tmp_path).runbook("LLMOne")
    assert runbook is not None
    assert runbook.title == "LLMOne <script>x</script>"  # shown as text
    assert runbook.lead == "<img src=x onerror=alert(1)> first code paragraph of two lines."
    html = "".join(part.html for part in runbook.parts if isinstance(part, Html))
    assert {tag for tag, _ in Tags(html).seen} <= {"p", "code", "pre", "ul", "li", "a", "div"}
    assert "javascript:alert" not in [attributes.get("href") for _, attributes in Tags(html).seen]
    assert [part.text for part in runbook.parts if isinstance(part, Query)] == ["up < 1"]


@pytest.mark.parametrize("name", ["None", "../secret", "..%2Fsecret", "a" * 500, "LLMHighErrorRate.md", ""])
def test_an_invalid_name_has_no_runbook(name: str) -> None:
    assert LIBRARY.runbook(name) is None


def test_queries_use_the_labels_of_the_alert() -> None:
    logs = Query("logsql", '"service.name":="demo-app" event:="llm_call" model:="gpt-4o" tier:="gpt-4o-mini"')
    chat = Query("traceql", '{ resource.service.name = "demo-app" && name = "chat gpt-4o" }')
    assert trace_filter(chat.about({"model": "m1"}).text).operation == "chat m1"
    assert logs.about({}) == logs
    assert logs.about({"service": 'a "b"', "model": ""}).text == logs.text.replace('"demo-app"', '"a \\"b\\""')
    mine = log_filter(logs.about({"service": "my-app", "model": "m1", "endpoint": "/x"}).text)
    assert (mine.service, mine.fields["model"], mine.fields["tier"]) == ("my-app", "m1", "gpt-4o-mini")


def test_example_values_appear_only_in_quotes() -> None:
    """An alert's label value replaces the example. It is escaped for quotes, so the example must stand in quotes."""
    for name in NAMES:
        runbook = LIBRARY.runbook(name)
        assert runbook is not None
        for query in (part for part in runbook.parts if isinstance(part, Query)):
            unquoted = re.sub(r'"[^"]*"', '""', query.text)
            assert [example for example in EXAMPLES.values() if example in unquoted] == []
