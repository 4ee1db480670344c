"""Proves that links of a message are opened as they are, and that a missing or broken link fails the check."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from loadtest.links import MessageCheck, check_message
from loadtest.watch import Delivery
from stores import StoreUnreachable

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class Pages(BaseHTTPRequestHandler):
    """/d/… redirects to /login, as Grafana does; /missing answers 404."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/missing" else 302 if self.path.startswith("/d/") else 200)
        if self.path.startswith("/d/"):
            self.send_header("location", "/login")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keeps the test's output short."""


@pytest.fixture
def pages() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class FakeStores:
    """Stores that hold the traces and log lines given; None: they do not answer."""

    def __init__(self, traces: dict[str, Any] | None, lines: list[str]) -> None:
        self.held, self.lines = traces, lines
        self.stores = self.traces = self.logs = self

    def trace(self, trace_id: str) -> Any:
        if self.held is None:
            raise StoreUnreachable("jaeger", "http://127.0.0.1:1", "refused")
        return self.held.get(trace_id)

    def query(self, *_: Any, **__: Any) -> list[str]:
        return self.lines


class FakeTrace:
    spans = (1, 2)


def delivery(alert: str, links: dict[str, str], trace_id: str = TRACE_ID) -> Delivery:
    return Delivery(1, alert, "firing", {"service": "demo-app"}, 10.0, 11.0, trace_id, links)


def checked(one: Delivery, stores: FakeStores, *, with_evidence: bool = True) -> list[MessageCheck]:
    return check_message(one, stores, with_evidence=with_evidence)  # type: ignore[arg-type]


def failures(one: Delivery, stores: FakeStores) -> dict[str, str]:
    return {check.name: check.detail for check in checked(one, stores) if not check.passed}


def all_links(pages: str) -> dict[str, str]:
    paths = {"runbook": "/runbooks/A", "dashboard": "/d/llm-overview", "logs": "/logs", "traces": "/traces"}
    return {name: pages + path for name, path in paths.items()}


GOOD = FakeStores({TRACE_ID: FakeTrace()}, ["line"])


def test_every_link_of_the_message_is_opened_and_a_redirect_to_a_login_page_works(pages: str) -> None:
    found = checked(delivery("LLMHighErrorRate", {**all_links(pages), "expression": pages + "/query"}), GOOD)
    assert [check.name for check in found if check.passed] == [
        "runbook link", "dashboard link", "logs link", "traces link", "expression link", "affected trace", "log lines",
    ]  # fmt: skip
    assert len(found) == 7


def test_a_broken_link_fails_with_its_address(pages: str) -> None:
    broken = {**all_links(pages), "runbook": pages + "/missing"}
    assert failures(delivery("LLMHighErrorRate", broken), GOOD) == {"runbook link": f"{pages}/missing: 404"}


def test_an_unreachable_link_fails() -> None:
    links = all_links("http://127.0.0.1:9")
    assert set(failures(delivery("LLMHighErrorRate", links), GOOD)) == {f"{name} link" for name in links}


@pytest.mark.parametrize(
    ("alert", "required"),
    [
        ("LLMHighErrorRate", {"runbook link", "dashboard link", "logs link", "traces link"}),
        ("StackCollectorDown", {"runbook link", "dashboard link"}),
        ("StackWatchdogSilent", {"runbook link"}),
    ],
)
def test_a_missing_link_fails(alert: str, required: set[str]) -> None:
    assert set(failures(delivery(alert, {}), GOOD)) == required


def test_a_trace_or_log_line_that_the_stores_do_not_hold_fails(pages: str) -> None:
    one = delivery("LLMHighErrorRate", all_links(pages))
    assert set(failures(one, FakeStores({}, []))) == {"affected trace", "log lines"}
    assert set(failures(one, FakeStores(None, ["line"]))) == {"affected trace"}
    without_trace = delivery("LLMHighErrorRate", all_links(pages), trace_id="")
    assert set(failures(without_trace, GOOD)) == {"affected trace"}


def test_rejected_requests_need_no_trace_and_no_log_line(pages: str) -> None:
    one = delivery("LLMSafetyViolations", all_links(pages), trace_id="")
    assert failures(one, FakeStores({}, [])) == {}


def test_without_evidence_only_the_links_are_checked(pages: str) -> None:
    one = delivery("LLMHighErrorRate", all_links(pages), trace_id="")
    assert {check.name for check in checked(one, FakeStores({}, []), with_evidence=False) if check.passed} == {
        "runbook link", "dashboard link", "logs link", "traces link",
    }  # fmt: skip
