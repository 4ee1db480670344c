"""`python -m console`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from nicegui import ui

from console.app import create_app
from console.settings import DASHBOARDS, LOCAL, RUNBOOKS, ConsoleSettings
from console.shell import TITLE
from console.times import parse_duration
from stack.settings import Stack
from stack.stores import LOG_STORES, TRACE_STORES
from stores.alerts import AlertStore
from stores.metrics import MetricStore

SERVERS = (MetricStore.server, *TRACE_STORES, *LOG_STORES, AlertStore.server)
EPILOG = """
Each option can also be set in the environment, for example CONSOLE_PORT.
Without any store URL, the console uses the stack that `make up` started.

examples:
  python -m console --port 3001
  python -m console --host 0.0.0.0 --password-file /run/secrets/console
"""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Options of the command line take precedence over the environment. Exits with a message if an option is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m console",
        description="Dashboards, alerts, traces, logs and runbooks of the stack in a browser.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, default: object, help_text: str, kind: type | None = None) -> None:
        value = os.environ.get(f"CONSOLE_{name.upper().replace('-', '_')}") or default
        shown = f"{help_text} (default: %(default)s)" if default != "" else help_text
        parser.add_argument(f"--{name}", default=value, type=kind or str, help=shown)

    add("host", LOCAL, "address to listen on; an address that other machines reach needs --password-file")
    add("port", "3000", "port to listen on", int)
    add("public-url", "", "address in a browser; one that other machines reach needs --password-file")
    add("password-file", "", "file that holds the password; without it, no password is asked for")
    add("alert-sink-url", f"http://127.0.0.1:{Stack.load().port('ALERT_SINK_PORT')}", "URL of the alert sink")
    for server in SERVERS:
        add(f"{server}-url", "", f"URL of {server}")
    add("scrape-interval", "15s", "Prometheus' scrape interval; rates use a window of four intervals")
    add("dashboards", str(DASHBOARDS), "folder with the dashboards (JSON)", Path)
    add("runbooks", str(RUNBOOKS), "folder with runbooks", Path)
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> ConsoleSettings:
    """Raises UnsafeBinding, InvalidTime (the scrape interval) or OSError (the password file)."""
    urls = {server: getattr(options, f"{server.replace('-', '_')}_url") for server in SERVERS}
    return ConsoleSettings(
        host=options.host,
        port=options.port,
        public_url=options.public_url,
        urls={server: url for server, url in urls.items() if url},
        sink_url=options.alert_sink_url,
        password=Path(options.password_file).read_text(encoding="utf-8").strip() if options.password_file else "",
        scrape_interval_s=parse_duration(options.scrape_interval),
        dashboards=options.dashboards,
        runbooks=options.runbooks,
    )


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = settings_of(options)
        create_app(settings)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"console: {error}\n")
        return 2
    sys.stdout.write(f"console: http://{settings.host}:{settings.port}/\n")
    sys.stdout.flush()
    ui.run(
        host=settings.host,
        port=settings.port,
        title=TITLE,
        dark=None,
        language="en-US",
        show=False,
        reload=False,
        tailwind=False,
        show_welcome_message=False,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        reconnect_timeout=20.0,  # a page that was cut off for some seconds on a busy machine continues without a reload
    )
    return 0


if __name__ in {"__main__", "__mp_main__"}:
    sys.exit(main())
