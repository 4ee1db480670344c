"""What can be set from outside, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RUNBOOKS = Path(__file__).resolve().parent.parent / "runbooks"


@dataclass(frozen=True, kw_only=True)
class SinkSettings:
    """How one sink behaves; `python -m alert_sink --help` says what each is for.

    `..._url` is asked by the sink, `..._page` is what a person's browser opens.
    """

    data: Path
    runbooks: Path = RUNBOOKS
    retention_days: float = 100.0
    silence_s: float = 60.0  # without a watchdog, until the sink's own alarm
    grace_s: float = 60.0  # after a start, before the watchdog is missed

    prometheus_url: str = "http://127.0.0.1:9090"
    jaeger_url: str = ""  # or Tempo; with neither, an exemplar is taken as it is
    tempo_url: str = ""

    own_page: str = "http://localhost:9095"
    prometheus_page: str = "http://localhost:9090"
    grafana_page: str = ""  # with it, logs and traces open in Grafana
    console_page: str = ""  # else in the console; without both in the two below
    logs_page: str = "http://localhost:9428"  # VictoriaLogs
    traces_page: str = "http://localhost:16686"  # Jaeger
    trace_link: str = ""  # another page for one trace, with {trace_id} in it

    forward_url: str = ""  # takes the sink's own alarm as Alertmanager's webhook would be sent
    forward_slack_file: Path | None = None  # file with the URL of a Slack incoming webhook
