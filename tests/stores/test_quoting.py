"""Values in queries are escaped: a real VictoriaLogs finds the stored line and no other."""

from __future__ import annotations

import json
from typing import Any

import pytest
import store_sent as sent
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_servers import Running

from stack.stores import Stores
from stores import LogFilter, TraceFilter, poll_until
from stores.quoting import quoted

SPECIAL = [*"\"'`\\\n\r\t\x00\x7f|*(){}[]=~:#!<>,$% é😀\u2028\ufeff\ufffda1", "or", "and", "not"]
NASTY = [
    'x" or *', "x\\", '\\"', "a\nb", "a|delete", "*", "*x*", "~.*", "in(*)", "_time:1d", "`x`", "'x'", "# comment",
    "=x",    '"', "\\", "a or b", "!x", "\u2028x", "x\x00y", "😀", 'x"} | drop', "range[1,2]", "\r\n", "\ufeffx",
]  # fmt: skip


@pytest.fixture(scope="session")
def nasty(running: Running) -> Stores:
    """Stores with one line per value, in a field and in the body."""
    records: list[dict[str, Any]] = [
        {"ms": index, "number": 9, "text": "info", "body": f"<{value}>", "attributes": {"value": value, "n": index}}
        for index, value in enumerate(NASTY)
    ]
    sent.send(running.logs_url, sent.log_request(records, {"service.name": "nasty"}))
    poll_until(lambda: running.stores.logs.query(LogFilter("nasty")), lambda lines: len(lines) == len(NASTY))
    return running.stores


def numbers(stores: Stores, which: LogFilter) -> list[int]:
    return [int(str(line.fields["n"])) for line in stores.logs.query(which, newest_first=False)]


@pytest.mark.parametrize("value", NASTY)
def test_a_value_with_special_characters_finds_only_its_line(nasty: Stores, value: str) -> None:
    assert numbers(nasty, LogFilter("nasty", {"value": value})) == [NASTY.index(value)]
    assert nasty.logs.query(LogFilter("nasty", {"value": value}))[0].fields["value"] == value


@pytest.mark.parametrize("value", NASTY)
def test_text_with_special_characters_finds_only_bodies_with_it(nasty: Stores, value: str) -> None:
    holding = [index for index, other in enumerate(NASTY) if value in f"<{other}>"]
    assert numbers(nasty, LogFilter("nasty", text=value)) == holding


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(SPECIAL), min_size=1, max_size=8).map("".join) | st.text(min_size=1, max_size=20))
@example('" or "value":*')
def test_any_value_is_accepted_and_finds_only_its_line(nasty: Stores, value: str) -> None:
    expected = [NASTY.index(value)] if value in NASTY else []
    assert numbers(nasty, LogFilter("nasty", {"value": value})) == expected
    assert numbers(nasty, LogFilter("nasty", text=value)) == [
        index for index, other in enumerate(NASTY) if value in f"<{other}>"
    ]


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_names_of_fields_and_services_are_escaped(nasty: Stores, name: str) -> None:
    if name not in ("value", "n"):
        assert numbers(nasty, LogFilter("nasty", {name: "surely not"})) == []
    assert numbers(nasty, LogFilter(name + "?")) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=-(2**53), max_value=2**53) | st.floats(allow_nan=False, allow_infinity=False))
@example(0)
@example(3.0)
@example(5e-324)
def test_any_number_can_be_searched_for(nasty: Stores, number: float) -> None:
    expected = [int(number)] if number in range(len(NASTY)) else []
    assert numbers(nasty, LogFilter("nasty", {"n": number})) == expected


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_jaeger_accepts_any_value_and_finds_nothing(stores: Stores, name: str, value: str) -> None:
    assert stores.traces.search(TraceFilter("demo-app", attributes={name: value})) == []
    assert stores.traces.search(TraceFilter("demo-app", f"{name}?")) == []
    assert stores.traces.search(TraceFilter(f"{value}?", error_only=True)) == []


@given(st.text())
def test_a_literal_reads_back_and_has_no_raw_quote_or_newline(text: str) -> None:
    literal = quoted(text)
    assert json.loads(literal) == text
    assert "\n" not in literal
    assert not literal[1:-1].replace("\\\\", "").replace('\\"', "").count('"')


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        LogFilter("\ud83d").logql()
