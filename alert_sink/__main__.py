"""`python -m alert_sink`."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import sys
from pathlib import Path

import uvicorn
from prometheus_client import disable_created_metrics

from alert_sink.app import create_app
from alert_sink.settings import RUNBOOKS, SinkSettings

EPILOG = """
Every option may be given in the environment: ALERT_SINK_ and its name in capitals, as ALERT_SINK_PORT.
Addresses ending in -url are asked by the sink, those ending in -page are what a browser opens.

try it:
  curl localhost:9095/api/notifications?status=firing
  curl localhost:9095/webhook -H 'content-type: application/json' -d '{"alerts": [{"status": "firing",
    "labels": {"alertname": "Try", "severity": "warning"}, "startsAt": "2026-11-24T14:23:05Z"}]}'
"""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line over the environment. Exits with a message when something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m alert_sink",
        description="Takes Alertmanager's webhook, keeps and shows what was delivered, serves the runbooks, and raises"
        " an alarm when the watchdog stops arriving.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, default: object, text: str, kind: type | None = None) -> None:
        variable = f"ALERT_SINK_{name.upper().replace('-', '_')}"
        value = os.environ.get(variable) or default
        parser.add_argument(f"--{name}", default=value, type=kind or str, help=f"{text} (%(default)s)")

    defaults = SinkSettings(data=Path())
    add("host", "127.0.0.1", "address to listen on")
    add("port", "9095", "0 picks a free one", int)
    add("data", ".state/data/alert-sink", "folder to keep deliveries in", Path)
    add("runbooks", str(RUNBOOKS), "folder of the runbooks", Path)
    add("retention-days", str(defaults.retention_days), "deliveries are kept for", float)
    add("silence-s", str(defaults.silence_s), "without a watchdog, until the alarm", float)
    add("grace-s", str(defaults.grace_s), "after a start, before the watchdog is missed", float)
    add("prometheus-url", defaults.prometheus_url, "where exemplars are")
    add("jaeger-url", "", "trace store, to see which trace failed")
    add("tempo-url", "", "the same, where Tempo runs")
    add("own-page", defaults.own_page, "this sink")
    add("prometheus-page", defaults.prometheus_page, "Prometheus")
    add("grafana-page", "", "Grafana; where it is given, logs and traces open there")
    add("console-page", "", "the console; where it is given and no Grafana, they open there")
    add("logs-page", defaults.logs_page, "VictoriaLogs")
    add("traces-page", defaults.traces_page, "Jaeger")
    add("trace-link", "", "another page for one trace, with {trace_id} in it")
    add("forward-url", "", "where the sink's own alarm is sent, as Alertmanager's webhook")
    add("forward-slack-file", "", "file with the URL of a Slack webhook for it")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> SinkSettings:
    """The settings that the options are."""
    values = {name: value for name, value in vars(options).items() if name not in ("host", "port")}
    values["forward_slack_file"] = Path(options.forward_slack_file) if options.forward_slack_file else None
    return SinkSettings(**values)


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; the exit status."""
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    disable_created_metrics()  # type: ignore[no-untyped-call]  # one series less per counter
    try:
        app = create_app(settings_of(options))
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"alert_sink: can't keep anything in {options.data}: {error}\n")
        return 2
    config = uvicorn.Config(
        app,
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
    sys.stdout.write(f"alert_sink: http://{f'[{host}]' if ':' in host else host}:{port}/\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
