"""The settings of one sink."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
RUNBOOKS = _ROOT / "runbooks"
ALERTS = _ROOT / "prometheus" / "alerts.json"


@dataclass(frozen=True, kw_only=True)
class SinkSettings:
    """How one sink behaves; `python -m alert_sink --help` explains each setting.

    The sink itself asks `..._url`; a person's browser opens `..._page`. An empty page is not linked to.
    """

    data: Path
    runbooks: Path = RUNBOOKS
    alerts: Path = ALERTS  # the generated index of alerts
    retention_days: float = 100.0
    silence_s: float = 60.0  # without a watchdog, before the sink raises its own alarm
    grace_s: float = 60.0  # after a start, added to silence_s

    prometheus_url: str = "http://127.0.0.1:9090"
    jaeger_url: str = ""  # or Tempo; without both, an exemplar's trace is used without a check
    tempo_url: str = ""

    own_page: str = ""  # this sink, for the runbook link of its own alarm
    grafana_page: str = ""  # logs, traces and queries open here,
    console_page: str = ""  # else here,
    prometheus_page: str = ""  # else each in its own server
    logs_page: str = ""  # VictoriaLogs
    traces_page: str = ""  # Jaeger
    trace_link: str = ""  # another page for one trace, with {trace_id} in it

    forward_url: str = ""  # receives the sink's own alarm, in the form of Alertmanager's webhook
    forward_slack_file: Path | None = None  # file with the URL of a Slack incoming webhook
