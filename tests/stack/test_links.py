"""With every port moved and a public host set, every link that a person sees answers 200 as it stands."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from console_browser import HOW_TO_GET, chromium, launched, wait_for_dashboard, window
from followed_links import broken, links_of_dashboard, links_of_message, links_of_page
from live_stack import LiveStack
from playwright.sync_api import Page, sync_playwright

from alert_sink.client import SinkClient
from dashboards_src import config
from dashboards_src.alerts import ALERT_NAMES
from stack.secrets import SLACK_WEBHOOK
from stores.polling import poll_until

HOST = "127.0.0.1"  # PUBLIC_HOST of the tests' stack
ALERT = "LLMHighErrorRate"
DELIVERED_WITHIN_S = 120.0


@dataclass
class Inbox:
    """An HTTP server that keeps what Alertmanager sends: a webhook's messages, and Slack's."""

    url: str = ""
    webhook: list[Any] = field(default_factory=list)
    slack: list[Any] = field(default_factory=list)


@contextmanager
def inbox() -> Iterator[Inbox]:
    received = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (received.slack if self.path == "/slack" else received.webhook).append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    received.url = f"http://{HOST}:{server.server_port}"
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Incident:
    """A stack whose provider fails: its alert fires and is delivered to the sink, to a webhook and to Slack."""

    live: LiveStack
    inbox: Inbox
    delivered: list[dict[str, Any]]  # the sink's notifications

    def messages(self, kind: str) -> list[Any]:
        """What was received of the alert, once there is something."""
        inbox: list[Any] = getattr(self.inbox, kind)
        return poll_until(lambda: [one for one in inbox if ALERT in json.dumps(one)], timeout_s=DELIVERED_WITHIN_S)


@pytest.fixture(scope="module")
def incident(live: LiveStack) -> Iterator[Incident]:
    if live.process is None:
        pytest.skip("changes the configuration of the stack")
    with inbox() as received:
        slack = live.stack.secrets / SLACK_WEBHOOK
        slack.write_text(f"{received.url}/slack")
        run(live, "rehearsal-on", WEBHOOK_URL=f"{received.url}/webhook")
        try:
            yield Incident(live, received, failing_until_delivered(live))
        finally:
            slack.unlink()
            run(live, "rehearsal-off")


def run(live: LiveStack, command: str, **options: str) -> None:
    assert live.process is not None
    done = live.process.run(command, **options)
    assert done.returncode == 0, done.stdout + done.stderr


def failing_until_delivered(live: LiveStack) -> list[dict[str, Any]]:
    """Ask while every call fails, until the sink has the alert; all that the sink has then."""
    fault = live.url("SIM_PROVIDER_PORT", "/admin/faults/content_filter")
    body = {"model": "*", "probability": 1, "duration_s": DELIVERED_WITHIN_S, "mode": "reject"}
    requests.put(fault, json=body, timeout=10).raise_for_status()
    sink = SinkClient(live.url("ALERT_SINK_PORT"))

    def ask() -> list[dict[str, Any]]:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: live.ask(f"How long is the trial? {uuid.uuid4().hex[:8]}"), range(8)))
        found = sink.deliveries().notifications
        traced = [one for one in found if one["alert"] == ALERT and "trace" in one["links"]]
        return found if traced else []

    try:
        return poll_until(ask, timeout_s=DELIVERED_WITHIN_S, every_s=0.5)
    finally:
        requests.delete(fault, timeout=10).raise_for_status()


@pytest.mark.timeout(300)
def test_every_link_of_every_message_of_the_sink(incident: Incident) -> None:
    links = {(one["alert"], name): url for one in incident.delivered for name, url in one["links"].items()}
    names = {name for alert, name in links if alert == ALERT}
    assert names >= {"runbook", "dashboard", "expression", "logs", "traces", "trace"}
    assert ("StackWatchdog", "runbook") in links
    assert broken(links.values(), HOST) == {}


@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_every_link_of_every_message_of_a_receiver_of_ones_own(incident: Incident, kind: str) -> None:
    messages = incident.messages(kind)
    links = links_of_message(messages)
    assert len(links) >= 4, messages
    assert broken(links, HOST) == {}


def test_alerts_have_no_addresses_as_labels(incident: Incident) -> None:
    for message in incident.messages("webhook"):
        for alert in message["alerts"]:
            assert not {"dashboards_url", "runbooks_url"} & set(alert["labels"])


def test_every_link_of_the_sinks_pages(incident: Incident) -> None:
    sink = incident.live.stack.public_url("ALERT_SINK_PORT")
    pages = [f"{sink}/", f"{sink}/runbooks", *(f"{sink}/runbooks/{name}" for name in ALERT_NAMES)]
    links = set().union(*map(links_of_page, pages))
    assert len(links) > len(ALERT_NAMES)
    assert broken(links, HOST) == {}


def test_every_link_of_the_rendered_dashboards(incident: Incident) -> None:
    console = incident.live.stack.public_url("GRAFANA_PORT")
    files = list(incident.live.stack.dashboards.glob("*.json"))
    assert {file.stem for file in files} == set(config.DASHBOARDS)
    links = set().union(*(links_of_dashboard(json.loads(file.read_text()), f"{console}/") for file in files))
    assert {f"{incident.live.stack.runbooks_url}/{ALERT}", f"{incident.live.stack.runbooks_url}"} <= links
    assert broken(links, HOST) == {}


def test_every_link_of_the_consoles_pages(incident: Incident) -> None:
    """In a browser: the console's pages are built after they were opened."""
    if chromium() is None:
        pytest.skip(HOW_TO_GET)
    console = incident.live.stack.public_url("GRAFANA_PORT")
    pages = ["/", "/alerts", "/runbooks", f"/runbooks/{ALERT}", "/traces", "/logs", "/query?expr=up"]
    links: set[str] = set()
    with sync_playwright() as playwright, launched(playwright) as browser, window(browser, console) as shown:
        for page in pages:
            shown.open(page).wait_for_load_state("networkidle")
            links |= links_in(shown.page)
        for uid in config.DASHBOARDS:
            wait_for_dashboard(shown.open(f"/d/{uid}"))
            links |= links_in(shown.page)
    assert {f"{console}/d/{uid}" for uid in config.DASHBOARDS} <= {link.partition("?")[0] for link in links}
    assert broken(links, HOST) == {}


def links_in(page: Page) -> set[str]:
    found: list[str] = page.locator("a[href]").evaluate_all("all => all.map(one => one.href)")
    return set(found)
