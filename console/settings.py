"""The settings of one console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stack.settings import is_loopback

ROOT = Path(__file__).resolve().parent.parent
DASHBOARDS = ROOT / "grafana" / "dashboards"
RUNBOOKS = ROOT / "runbooks"
LOCAL = "127.0.0.1"


class UnsafeBinding(ValueError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} opens the console to other machines: set a password with --password-file")


@dataclass(frozen=True, kw_only=True)
class ConsoleSettings:
    """`python -m console --help` explains each setting."""

    host: str = LOCAL
    port: int = 3000
    public_url: str = ""  # address in a browser, for a console behind a reverse proxy; empty: host and port
    urls: Mapping[str, str] = field(default_factory=dict)  # by server, as stores.Stores.at takes them
    sink_url: str = "http://127.0.0.1:9095"
    password: str = field(default="", repr=False)
    scrape_interval_s: float = 15.0  # $__rate_interval depends on it
    dashboards: Path = DASHBOARDS
    runbooks: Path = RUNBOOKS
    threads: int = 10  # queries at the same time; the connection pool of `requests` holds as many connections

    def __post_init__(self) -> None:
        if not self.password and not is_loopback(self.host):
            raise UnsafeBinding(f"listening on {self.host}")
        if not self.password and self.public_host and not is_loopback(self.public_host):
            raise UnsafeBinding(f"the public address {self.public_url}")

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""
