"""The real process, `python -m demo_app`, with an OTLP receiver of the test."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_live import ANSWER, STREAM, WHO, Provider, events, wait_for
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

QUESTION = "How do couriers get into the building?"


REPOSITORY = Path(__file__).parents[2]


def attributes(pairs: Any) -> dict[str, Any]:
    """OTLP's key-value pairs as a dict."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@dataclass
class Sink:
    """Receives OTLP over HTTP and keeps it."""

    spans: list[tuple[dict[str, Any], Any]] = field(default_factory=list)  # (resource, span)
    records: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    types: set[str] = field(default_factory=set)

    def take(self, path: str, content_type: str, body: bytes) -> None:
        self.types.add(content_type)
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                resource = attributes(group.resource.attributes)
                self.spans += [(resource, span) for scope in group.scope_spans for span in scope.spans]
        elif path == "/v1/logs":
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                resource = attributes(group.resource.attributes)
                self.records += [(resource, one) for scope in group.scope_logs for one in scope.log_records]

    def of_trace(self, trace_id: str) -> list[str]:
        return sorted(span.name for _, span in self.spans if span.trace_id.hex() == trace_id)


@contextmanager
def otlp_sink() -> Iterator[tuple[Sink, str]]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            sink.take(self.path, self.headers["content-type"], body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sink, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Process:
    """A demo application in a process of its own."""

    url: str
    process: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path

    def ready(self) -> bool:
        assert self.process.poll() is None, self.stderr.read_text()
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self) -> httpx.Response:
        return httpx.post(self.url + ANSWER, json={"question": QUESTION}, headers=WHO, timeout=30)

    def failures(self) -> dict[str, float]:
        """llm_telemetry_failures_total by signal."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        counted = [line for line in lines if line.startswith("llm_telemetry_failures_total{")]
        return {line.split('signal="')[1].split('"')[0]: float(line.split()[-1]) for line in counted}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def start(running: ExitStack, directory: Path, provider: Provider, stdout: str | None = None, **env: str) -> Process:
    directory.mkdir()
    port = free_port()
    out, err = Path(stdout or directory / "stdout"), directory / "stderr"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "DEMO_", "LLM_"))}
    environment |= {
        "OPENAI_BASE_URL": f"{provider.url}/v1",
        "DEMO_DATA_DIR": str(directory / "data"),
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BLRP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    } | env
    command = [sys.executable, "-m", "demo_app", "--host", "127.0.0.1", "--port", str(port)]
    with out.open("wb") as stdout_file, err.open("wb") as stderr_file:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=stdout_file, stderr=stderr_file)
    made = Process(f"http://127.0.0.1:{port}", process, out, err)
    running.callback(process.wait)
    running.callback(process.kill)
    return made


@dataclass
class Processes:
    healthy: Process
    sink: Sink
    isolated: Process  # no collector, and its stdout is full
    stopping: Process  # exports once a minute


@pytest.fixture(scope="module")
def processes(_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("processes")
    with otlp_sink() as (sink, endpoint), ExitStack() as running, ThreadPoolExecutor() as pool:
        healthy = start(running, directory / "healthy", _provider, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        nobody = f"http://127.0.0.1:{free_port()}"
        isolated = start(running, directory / "isolated", _provider, "/dev/full", OTEL_EXPORTER_OTLP_ENDPOINT=nobody)
        delays = {"OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_BLRP_SCHEDULE_DELAY": "60000"}
        stopping = start(running, directory / "stopping", _provider, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **delays)
        list(pool.map(wait_for_long, [healthy, isolated, stopping]))
        yield Processes(healthy, sink, isolated, stopping)


def wait_for_long(process: Process) -> None:
    """Interpreters that start on a busy machine take longer than one timeout."""
    for _ in range(4):
        try:
            wait_for(process.ready, "the process is not ready")
        except AssertionError as error:
            if "timeout: " not in str(error):
                raise
        else:
            return
    raise AssertionError(process.stderr.read_text())


def test_spans_and_logs_arrive(processes: Processes, provider: Provider) -> None:
    answer = processes.healthy.ask()
    trace_id, sink = answer.headers["x-trace-id"], processes.sink
    assert answer.status_code == 200
    assert provider.chats()[0]["trace_id"] == trace_id
    ours = ["retrieval", "embeddings text-embedding-3-small", "generate", "chat gpt-4o"]
    expected = sorted([f"POST {ANSWER}", *ours, "POST", "POST"])
    wait_for(lambda: sink.of_trace(trace_id) == expected, f"{sink.of_trace(trace_id)}")
    wait_for(lambda: [one for _, one in sink.records if one.trace_id.hex() == trace_id], "no log record")
    (record,) = [
        one for _, one in sink.records if one.trace_id.hex() == trace_id and one.body.string_value == "llm_call"
    ]
    said = attributes(record.attributes)
    (chat,) = provider.chats()
    assert said["input_tokens"] == chat["prompt_tokens"]
    assert said["cost_usd"] == answer.json()["cost_usd"]
    assert sink.types == {"application/x-protobuf"}


def test_no_span_per_chunk_of_a_stream(processes: Processes, provider: Provider) -> None:
    streamed = httpx.post(processes.healthy.url + STREAM, json={"question": QUESTION}, headers=WHO, timeout=30)
    assert events(streamed.text)[-1][0] == "done"
    trace_id = streamed.headers["x-trace-id"]
    wait_for(lambda: f"POST {STREAM}" in processes.sink.of_trace(trace_id), "no server span")
    assert len(processes.sink.of_trace(trace_id)) == 7


def test_the_resource_names_the_service(processes: Processes, provider: Provider) -> None:
    trace_id = processes.healthy.ask().headers["x-trace-id"]
    wait_for(lambda: processes.sink.of_trace(trace_id), "no spans")
    for resource, _ in processes.sink.spans + processes.sink.records:
        assert resource["service.name"] == "demo-app"
        assert resource["llm.telemetry.native"] in (True, "true")


def test_stdout_is_json_lines_and_nothing_else(processes: Processes, provider: Provider) -> None:
    trace_id = processes.healthy.ask().headers["x-trace-id"]
    lines = [json.loads(line) for line in processes.healthy.stdout.read_text().splitlines()]
    assert lines[-1]["trace_id"] == trace_id
    assert {line["event"] for line in lines} == {"llm_call"}


def test_the_application_answers_without_collector_and_with_a_full_disk(
    processes: Processes, provider: Provider
) -> None:
    provider.forget()
    healthy = httpx.post(processes.healthy.url + "/api/search/summarise", json={"query": "doors"}, timeout=30).json()
    provider.forget()
    isolated = httpx.post(processes.isolated.url + "/api/search/summarise", json={"query": "doors"}, timeout=30).json()
    assert isolated["sources"] == healthy["sources"]
    assert isolated["summary"]
    assert isolated["usage"]["input_tokens"] > 0
    assert processes.isolated.failures()["log"] == 1
    assert processes.healthy.failures() == {"trace": 0, "metric": 0, "log": 0, "content": 0}


def test_a_stop_exports_the_last_spans_and_logs(processes: Processes, provider: Provider) -> None:
    trace_id = processes.stopping.ask().headers["x-trace-id"]
    assert processes.sink.of_trace(trace_id) == []
    assert processes.stopping.stop() in (0, -signal.SIGTERM)
    assert len(processes.sink.of_trace(trace_id)) == 7
    assert [one for _, one in processes.sink.records if one.trace_id.hex() == trace_id]


def test_a_stop_without_a_collector_ends_in_time(processes: Processes, provider: Provider) -> None:
    processes.isolated.ask()
    assert processes.isolated.stop() in (0, -signal.SIGTERM)


def test_an_invalid_setting_ends_the_process_with_a_message(provider: Provider, tmp_path: Path) -> None:
    with ExitStack() as running:
        process = start(running, tmp_path / "one", provider, DEMO_CONCURRENCY="many", OTEL_SDK_DISABLED="true")
        assert process.process.wait(timeout=60) != 0
        assert "DEMO_CONCURRENCY='many' is invalid" in process.stderr.read_text()
