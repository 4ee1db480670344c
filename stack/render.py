"""Renders arguments and environment of servers, and configuration files for servers that expand no variables."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards_src.boards import render_dashboards
from dashboards_src.config import Scale
from stack.failure import StackFailure
from stack.secrets import CONSOLE_PASSWORD, OTLP_TOKEN, USER_SALT, secret
from stack.servers import Server
from stack.settings import ROOT, Stack, is_loopback

Context = Mapping[str, str]


@dataclass(frozen=True)
class Timing:
    """Intervals of samples, rules and messages, in seconds."""

    interval_s: int  # between scrapes and between rule evaluations, unless SCRAPE_INTERVAL is set
    group_wait_s: int  # before the first message of a group of alerts
    group_interval_s: int  # before a message about a change of the group
    watchdog_interval_s: int  # between watchdog messages


TIMINGS: Mapping[Scale, Timing] = {
    "production": Timing(interval_s=15, group_wait_s=10, group_interval_s=60, watchdog_interval_s=15),
    "rehearsal": Timing(interval_s=5, group_wait_s=1, group_interval_s=5, watchdog_interval_s=5),
}


_RETENTIONS = ("METRICS_RETENTION", "LOGS_RETENTION", "TRACES_RETENTION", "ALERTS_RETENTION")
_PAGES = ("PROMETHEUS", "ALERTMANAGER", "ALERT_SINK", "JAEGER", "VICTORIA_LOGS")


def context(stack: Stack, servers: Sequence[Server]) -> dict[str, str]:
    """The values that templates may name, for a stack of these servers."""
    names = {server.name for server in servers}
    values = dict(stack.values)
    if values["TRACE_SAMPLING"] not in ("all", "tail"):
        raise StackFailure(f"TRACE_SAMPLING is {values['TRACE_SAMPLING']!r}.", "Use `all` or `tail`.")
    token = "" if _is_loopback("OTLP_BIND", values) else secret(stack.secrets, OTLP_TOKEN)
    logs = "LOKI_PORT" if "loki" in names else "VICTORIA_LOGS_PORT"
    log_path = "/otlp/v1/logs" if "loki" in names else "/insert/opentelemetry/v1/logs?_stream_fields=service.name"
    return {
        **values,
        "root": str(ROOT),
        "state": str(stack.state),
        "config": str(stack.config),
        "secrets": str(stack.secrets),
        "USER_SALT": secret(stack.secrets, USER_SALT),
        "SCRAPE_INTERVAL": _scrape_interval(stack),
        "OTLP_TOKEN": token,
        "OTLP_ACCESS": "token" if token else "open",
        "OTLP_HEADERS": f"Authorization=Bearer%20{token}" if token else "",
        "TRACES_ENDPOINT": f"http://127.0.0.1:{values['JAEGER_OTLP_PORT']}/v1/traces",
        "JAEGER_URL": f"http://127.0.0.1:{values['JAEGER_PORT']}" if "jaeger" in names else "",
        "TEMPO_URL": f"http://127.0.0.1:{values['TEMPO_PORT']}" if "tempo" in names else "",
        "LOKI_URL": f"http://127.0.0.1:{values['LOKI_PORT']}" if "loki" in names else "",
        "VICTORIA_LOGS_URL": "" if "loki" in names else f"http://127.0.0.1:{values['VICTORIA_LOGS_PORT']}",
        # for servers that take only hours, or only days
        **{f"{name}_HOURS": f"{stack.hours(name)}h" for name in _RETENTIONS},
        "ALERTS_RETENTION_DAYS": f"{stack.hours('ALERTS_RETENTION') / 24:g}",
        **{f"{name}_PAGE": stack.public_url(f"{name}_PORT") for name in _PAGES},
        # Alerts link to /graph?g0.expr=… here. lite's Prometheus has no web pages, but its console has this one.
        "PROMETHEUS_SOURCE_PAGE": stack.public_url("GRAFANA_PORT" if "console" in names else "PROMETHEUS_PORT"),
        "DASHBOARDS_PAGE": stack.public_url("GRAFANA_PORT"),
        "RUNBOOKS_PAGE": stack.runbooks_url,
        "GRAFANA_PAGE": stack.public_url("GRAFANA_PORT") if "grafana" in names else "",
        "CONSOLE_PAGE": stack.public_url("GRAFANA_PORT") if "console" in names else "",
        "CONSOLE_ADDRESS": _reached_at(values["CONSOLE_BIND"]),
        "CONSOLE_PASSWORD_FILE": _console_password(stack),
        "LOGS_ENDPOINT": f"http://127.0.0.1:{values[logs]}{log_path}",
    }


@dataclass(frozen=True)
class ProfileConfig:
    """Addresses and paths as the servers of a profile see them."""

    servers: Mapping[str, str]  # host:port by server that is scraped, as Prometheus reaches it
    demo_app: str  # host:port, as Prometheus reaches it
    app_targets: str  # glob of the files that name your own applications, as Prometheus sees it
    host_gateway: str  # the host's name inside a container; "": Prometheus runs on the host
    alertmanager: str  # host:port, as Prometheus reaches it
    sink_url: str  # as Alertmanager reaches it
    rules: str  # glob of rule files, as Prometheus sees it
    templates: str  # glob of message templates, as Alertmanager sees it
    slack_webhook_file: str  # as Alertmanager sees it; "": no Slack


def render_files(stack: Stack, profile: ProfileConfig) -> None:
    """Write prometheus.yml, alertmanager.yml and the dashboards into the stack's configuration folder.

    A file whose text stays the same is not written: stack.reload compares its time with the servers' last load.
    """
    templates = Environment(  # the files are YAML
        loader=FileSystemLoader(ROOT),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    values = {
        **vars(profile),
        "scrape_interval": _scrape_interval(stack),
        "metrics_retention": stack.values["METRICS_RETENTION"],
        "metrics_retention_size": stack.values["METRICS_RETENTION_SIZE"],
        "timing": TIMINGS[stack.scale],
        "sink_page": stack.public_url("ALERT_SINK_PORT"),
        "webhook_url": stack.values["WEBHOOK_URL"],
        "slack_channel": stack.values["SLACK_CHANNEL"],
    }
    for template in ("prometheus/prometheus.yml.j2", "alertmanager/alertmanager.yml.j2"):
        file = stack.config / template.removesuffix(".j2")
        file.parent.mkdir(parents=True, exist_ok=True)
        text = templates.get_template(template).render(values)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    render_dashboards(stack.dashboards, stack.runbooks_url)


def fill_template(template: str, names: Context, data: Path, binary: str = "") -> str:
    return template.format_map({**names, "data": str(data), "binary": binary})


def _scrape_interval(stack: Stack) -> str:
    return stack.values["SCRAPE_INTERVAL"] or f"{TIMINGS[stack.scale].interval_s}s"


def _console_password(stack: Stack) -> str:
    """The file of the console's password. A console that other machines reach always has a password."""
    public_host = urlsplit(stack.public_url("GRAFANA_PORT")).hostname or ""
    if not (_is_loopback("CONSOLE_BIND", stack.values) and is_loopback(public_host)):
        secret(stack.secrets, CONSOLE_PASSWORD)
    file = stack.secrets / CONSOLE_PASSWORD
    return str(file) if file.exists() else ""


def _reached_at(address: str) -> str:
    """The host in URLs with which this machine reaches a server that is bound to `address`."""
    any_address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound
    return any_address.get(address) or (f"[{address}]" if ":" in address else address)


def _is_loopback(name: str, values: Context) -> bool:
    address = values[name]
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise StackFailure(
            f"{name} is {address!r}, which is not an IP address.", "Use an IP address, such as 0.0.0.0."
        ) from error
