"""Measures how fast the console renders, and what memory and latency it costs.

make bench-console

- Rendering: the LLM overview with 6 hours of data in a browser, from opening
  the page until every panel is drawn, and from Prometheus' last response until
  then. A second console runs behind a proxy that notes the response times.
- Memory: resident, after the start and after all pages were closed.
- Open pages: latency of the demo application without and with 20 open
  dashboards that refresh every 10 s, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import requests
import socketio

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "console")]

from console_browser import chromium, launched, wait_for_dashboard, window  # noqa: E402
from console_live import ConsoleStack, console_stack  # noqa: E402
from console_process import running_console  # noqa: E402
from lite_process import free_ports  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from up import resident_mib  # noqa: E402

from stack.build import tool  # noqa: E402
from stack.processes import Supervisor  # noqa: E402
from stack.settings import Stack  # noqa: E402
from stores import MetricStore, poll_until  # noqa: E402
from stores.metric_results import Series  # noqa: E402

HOURS = 6.0
REPEATED_S = 150  # length of the samples that are repeated
LOADED_WITHIN_S = 180.0  # Prometheus looks for new blocks every minute
COUNTERS = ("_total", "_bucket", "_count", "_sum")
OVERVIEW = f"/d/llm-overview?from=now-{HOURS:g}h&to=now&refresh="
RENDERS = 7
OPEN_PAGES = 20
ROUNDS = 3
ROUND_S = 45.0
SETTLES_S = 45.0  # after the start, and after pages were closed, until their memory is released
CACHE_EXPIRES_S = 16.0  # pages share the results of queries for a few seconds
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
TARGET_RENDER_S = 1.5
TARGET_IDLE_MIB = 150.0
TARGET_SLOWER = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="rounds without and with open pages (default: %(default)s)"
    )
    options = parser.parse_args()
    if chromium() is None:
        print("Chromium is not on the PATH.")
        return 1
    started = time.time()
    with (
        tempfile.TemporaryDirectory() as scratch,
        console_stack(Path(scratch) / "state", SCRAPE_INTERVAL="15s") as stack,
    ):
        time.sleep(SETTLES_S)
        idle = _memory_mib(stack)
        _write_history(stack.live.stack, stack.live.stores.metrics, started)
        with sync_playwright() as playwright, launched(playwright) as browser:
            rendered = _rendering(browser, stack, Path(scratch))
        slower = _open_pages(stack, options.rounds)
        time.sleep(SETTLES_S)
        after = _memory_mib(stack)
    print(f"memory: {idle:.0f} MiB after the start, {after:.0f} MiB after all pages were closed")
    met = rendered <= TARGET_RENDER_S and max(idle, after) <= TARGET_IDLE_MIB and slower <= TARGET_SLOWER
    print("All targets are met." if met else "A target is missed.")
    return 0 if met else 1


def _write_history(stack: Stack, prometheus: MetricStore, started: float) -> None:
    """Give the overview hours of data to draw: the samples of the stack's first minutes, repeated backwards.

    promtool turns them into blocks of Prometheus' database.
    """
    time.sleep(max(0.0, started + REPEATED_S - time.time()))
    board = (ROOT / "grafana" / "dashboards" / "llm-overview.json").read_text()
    names = set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", board)) & set(prometheus.label_values("__name__"))
    found = [series for name in sorted(names) for series in prometheus.points(f"{name}[{REPEATED_S}s]")]
    complete = [series for series in found if len(series.points) > 2]
    file = stack.state / "history.txt"
    with file.open("w") as out:
        for series in complete:
            out.writelines(_lines(series, started - HOURS * 3600, started))
        out.write("# EOF\n")
    blocks = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", file, stack.data("prometheus")]
    subprocess.run([tool("promtool"), *blocks], check=True)  # noqa: S603
    file.unlink()
    query = f"count({complete[0].labels['__name__']})"
    poll_until(lambda: prometheus.value(query, time.time() - (HOURS - 1) * 3600), timeout_s=LOADED_WITHIN_S)
    print(f"history: {HOURS:g} hours of {len(complete)} series", flush=True)


def _lines(series: Series, start: float, end: float) -> Iterator[str]:
    name = series.labels["__name__"]
    labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in series.labels.items() if key != "__name__")
    times, values = zip(*series.points, strict=True)
    step = (times[-1] - times[0]) / (len(times) - 1)
    if name.endswith(COUNTERS):
        growth = (max(0.0, after - before) for before, after in itertools.pairwise(values))
        repeated: Iterator[float] = itertools.accumulate(itertools.cycle(growth))
    else:
        repeated = itertools.cycle(values)
    for at in range(int((end - start) / step)):
        yield f"{name}{{{labels}}} {next(repeated)} {start + at * step:.3f}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _rendering(browser: Browser, stack: ConsoleStack, scratch: Path) -> float:
    """Median of the seconds from Prometheus' last response until all panels are drawn."""
    total, own = list[float](), list[float]()
    urls = stack.store_urls
    with _proxy(urls["CONSOLE_PROMETHEUS_URL"]) as (proxy, responded):
        [port] = free_ports(1)
        urls["CONSOLE_PROMETHEUS_URL"] = proxy
        with running_console(port, scratch / "console.log", **urls) as console, window(browser, console.url) as made:
            for _ in range(RENDERS + 1):
                made.page.goto("about:blank")
                time.sleep(CACHE_EXPIRES_S)
                start = time.monotonic()
                page = made.open(OVERVIEW)
                wait_for_dashboard(page)
                page.evaluate(DRAWN)
                end = time.monotonic()
                total.append(end - start)
                own.append(end - responded[-1])
            panels = page.locator("section.panel").count()
    median_total, median_own = statistics.median(total[1:]), statistics.median(own[1:])
    print(f"rendering {panels} panels: seconds in total, and after Prometheus' last response")
    print(f"  empty browser cache: {total[0]:.2f} s, {own[0]:.2f} s")
    print(f"  median of {RENDERS}:         {median_total:.2f} s, {median_own:.2f} s", flush=True)
    return median_own


@contextmanager
def _proxy(url: str) -> Iterator[tuple[str, list[float]]]:
    """Address of a proxy for `url`, and the times of its responses (monotonic clock)."""
    responded = list[float]()

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept")}
            answer = requests.request(self.command, url + self.path, data=body, headers=kept, timeout=30)
            responded.append(time.monotonic())
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", ""))
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Keeps the output short."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", responded
    finally:
        server.shutdown()
        server.server_close()


def _open_pages(stack: ConsoleStack, rounds: int) -> float:
    """How much slower the application answers with open pages, as a share of its median latency."""
    without, beside = list[float](), list[float]()
    for _ in range(rounds):
        without += _times(stack)
        with _many_pages(stack.url):
            beside += _times(stack)
    slower = statistics.median(beside) / statistics.median(without) - 1
    for name, times in (("no page open", without), (f"{OPEN_PAGES} pages open", beside)):
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"answers, {name}: median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms, of {len(times)}")
    print(f"change of the median with {OPEN_PAGES} open pages: {slower:+.1%}")
    return slower


def _times(stack: ConsoleStack) -> list[float]:
    stack.load.take_times()
    time.sleep(ROUND_S)
    return stack.load.take_times()


@contextmanager
def _many_pages(url: str) -> Iterator[None]:
    """Open dashboards without a browser: 20 browsers would need the whole machine, and only the console is measured."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        pages = [asyncio.run_coroutine_threadsafe(_page(url), loop).result(60) for _ in range(OPEN_PAGES)]
        yield
        for page in pages:
            assert page.connected, "a page lost its connection"
            asyncio.run_coroutine_threadsafe(page.disconnect(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _page(url: str) -> socketio.AsyncClient:
    text = await asyncio.to_thread(
        lambda: requests.get(url + OVERVIEW.replace("refresh=", "refresh=10s"), timeout=30).text
    )
    found = re.search(r"'client_id': '([0-9a-f-]{36})'", text)
    assert found, "NiceGUI's page holds its client id in another form"
    parameters = {
        "client_id": found[1],
        "next_message_id": 0,
        "implicit_handshake": "true",
        "tab_id": str(uuid.uuid4()),
        "document_id": str(uuid.uuid4()),
    }
    page = socketio.AsyncClient()
    await page.connect(
        f"{url}?{urlencode(parameters)}",
        headers={"Origin": url},
        transports=["websocket"],
        socketio_path="/_nicegui_ws/socket.io",
    )
    return page


def _memory_mib(stack: ConsoleStack) -> float:
    info = Supervisor(stack.live.stack).states()["console"]
    return resident_mib(info["pid"])


if __name__ == "__main__":
    sys.exit(main())
