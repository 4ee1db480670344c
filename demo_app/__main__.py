"""Starts the instrumented demo application: `python -m demo_app [uvicorn options]`."""

import os
import sys
from pathlib import Path

from demo_app.app import SERVICE
from demo_app.tracing import UNTRACED

_DEFAULTS = {
    "OTEL_SERVICE_NAME": SERVICE,
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_METRICS_EXPORTER": "none",  # metrics are scraped from /metrics
    "OTEL_RESOURCE_ATTRIBUTES": "llm.telemetry.native=true",
    "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS": UNTRACED,
    "OPENAI_BASE_URL": "http://127.0.0.1:9999/v1",
    "OPENAI_API_KEY": "simulated",
}


def main() -> None:
    """Replace this process by uvicorn under `opentelemetry-instrument`. The environment overrides the defaults."""
    scripts = Path(sys.executable).parent
    options = sys.argv[1:] or ["--host", "127.0.0.1", "--port", "8000"]
    command = [
        str(scripts / "opentelemetry-instrument"),
        str(scripts / "uvicorn"),
        "--factory",
        "demo_app.app:create_app",
        "--no-access-log",
        *options,
    ]
    os.execve(command[0], command, {**_DEFAULTS, **os.environ})  # noqa: S606 - our own command


if __name__ == "__main__":
    main()
