"""`python -m alert_sink`."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn
from prometheus_client import disable_created_metrics

from alert_sink.app import create_app
from alert_sink.settings import SinkSettings

EPILOG = """
Each option can also be set as an environment variable: ALERT_SINK_ and the
option's name in capitals, such as ALERT_SINK_PORT. The sink itself asks the
-url addresses. Browsers open the -page addresses. Without an address there are
no links to that page.

try it:
  curl localhost:9095/api/notifications?status=firing
  curl localhost:9095/webhook -H 'content-type: application/json' -d '
    {"alerts": [{"status": "firing", "startsAt": "2026-11-24T14:23:05Z",
    "labels": {"alertname": "Try", "severity": "warning"}}]}'
"""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The options: from the command line, else from the environment. Exits with a message when one is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m alert_sink",
        usage="python -m alert_sink [options]",
        description="Receives alerts from Alertmanager's webhook, stores and shows them, serves the\n"
        "runbooks, and raises its own alarm when the watchdog alert stops arriving.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, default: object, text: str, kind: type = str) -> None:
        variable = f"ALERT_SINK_{name.upper().replace('-', '_')}"
        value = os.environ.get(variable) or default
        shown = f"{text} (%(default)s)" if value else text
        parser.add_argument(f"--{name}", default=value, type=kind, help=shown)

    defaults = SinkSettings(data=Path())
    add("host", "127.0.0.1", "address to listen on")
    add("port", "9095", "port to listen on; 0 takes a free port", int)
    add("data", ".state/data/alert-sink", "folder for the delivered alerts", Path)
    add("runbooks", str(defaults.runbooks), "folder of the runbooks", Path)
    add("alerts", str(defaults.alerts), "generated index of alerts", Path)
    add("retention-days", str(defaults.retention_days), "days that delivered alerts are kept", float)
    add("silence-s", str(defaults.silence_s), "seconds without a watchdog before the sink's own alarm", float)
    add("grace-s", str(defaults.grace_s), "seconds after a start that are added to --silence-s", float)
    add("prometheus-url", defaults.prometheus_url, "Prometheus, for exemplars")
    add("jaeger-url", "", "Jaeger, to check which trace failed")
    add("tempo-url", "", "Tempo, to check which trace failed, if there is no Jaeger")
    add("own-page", "", "this sink, for the runbook link of its own alarm (http://localhost and the port)")
    add("grafana-page", "", "Grafana, to show logs, traces and queries")
    add("console-page", "", "the console, to show logs, traces and queries without Grafana")
    add("prometheus-page", "", "Prometheus, to show queries without Grafana and console")
    add("logs-page", "", "VictoriaLogs, to show logs without Grafana and console")
    add("traces-page", "", "Jaeger, to show traces without Grafana and console")
    add("trace-link", "", "another page for one trace, with {trace_id} in it")
    add("forward-url", "", "receives the sink's own alarm, in the form of Alertmanager's webhook")
    add("forward-slack-file", None, "file with the URL of a Slack webhook, which receives the sink's own alarm", Path)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    disable_created_metrics()  # type: ignore[no-untyped-call]  # without them each counter is one series, not two
    config = uvicorn.Config(
        "",  # set below: the application needs the port
        host=options.host,
        port=options.port,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    listening = config.bind_socket()
    host, port = listening.getsockname()[:2]
    settings = SinkSettings(**{name: value for name, value in vars(options).items() if name not in ("host", "port")})
    try:
        config.app = create_app(replace(settings, own_page=settings.own_page or f"http://localhost:{port}"))
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"alert_sink: cannot write to {options.data}: {error}. Choose another folder with --data.\n")
        return 2
    sys.stdout.write(f"alert_sink: http://{f'[{host}]' if ':' in host else host}:{port}/\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
