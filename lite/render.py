"""Fills in templates: argv and environment of servers, and the configuration of those that expand none."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lite.failure import StackFailure
from lite.secrets import OTLP_TOKEN, USER_SALT, secret
from lite.settings import ROOT, Stack
from lite.table import Server

Context = Mapping[str, str]


def context(stack: Stack, servers: Sequence[Server]) -> dict[str, str]:
    """Everything that templates may name, for a stack of these servers.

    Raises:
        StackFailure: OTLP_BIND or TRACE_SAMPLING has a value that cannot be used.
    """
    names = {server.name for server in servers}
    values = dict(stack.values)
    if values["TRACE_SAMPLING"] not in ("all", "tail"):
        raise StackFailure(f"TRACE_SAMPLING is {values['TRACE_SAMPLING']!r}.", "Use `all` or `tail`.")
    token = "" if _is_loopback(values["OTLP_BIND"]) else secret(stack.secrets, OTLP_TOKEN)
    logs = "LOKI_PORT" if "loki" in names else "VICTORIA_LOGS_PORT"
    log_path = "/otlp/v1/logs" if "loki" in names else "/insert/opentelemetry/v1/logs?_stream_fields=service.name"
    return {
        **values,
        "root": str(ROOT),
        "state": str(stack.state),
        "config": str(stack.config),
        "secrets": str(stack.secrets),
        "USER_SALT": secret(stack.secrets, USER_SALT),
        "OTLP_TOKEN": token,
        "OTLP_ACCESS": "token" if token else "open",
        "OTLP_HEADERS": f"Authorization=Bearer%20{token}" if token else "",
        "APP_METRICS_TARGETS": values["APP_METRICS_TARGETS"] or json.dumps([f"127.0.0.1:{values['DEMO_APP_PORT']}"]),
        "TRACES_ENDPOINT": f"http://127.0.0.1:{values['JAEGER_OTLP_PORT']}/v1/traces",
        "LOGS_ENDPOINT": f"http://127.0.0.1:{values[logs]}{log_path}",
    }


def render_files(stack: Stack, scrape: Mapping[str, str], alertmanager: str, rules: str) -> None:
    """Write prometheus.yml and alertmanager.yml into the stack's folder of rendered configuration.

    Args:
        stack: whose.
        scrape: host:port by server, as Prometheus reaches it.
        alertmanager: host:port, as Prometheus reaches it.
        rules: glob of rule files, as Prometheus sees them.
    """
    templates = Environment(
        loader=FileSystemLoader(ROOT),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML
    )
    values = {
        "servers": scrape,
        "alertmanager": alertmanager,
        "rules": rules,
        "scrape_interval": stack.values["SCRAPE_INTERVAL"],
        "webhook_url": stack.values["WEBHOOK_URL"],
    }
    for template in ("prometheus/prometheus.yml.j2", "alertmanager/alertmanager.yml.j2"):
        file = stack.config / template.removesuffix(".j2")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(templates.get_template(template).render(values), encoding="utf-8")


def filled(template: str, names: Context, data: Path, binary: str = "") -> str:
    """`template` with its names filled in, for one server."""
    return template.format_map({**names, "data": str(data), "binary": binary})


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise StackFailure(f"OTLP_BIND is {address!r}, which is no IP address.", "Use one such as 0.0.0.0.") from error
