"""What can be set from outside, in one place."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DASHBOARDS = ROOT / "grafana" / "dashboards"
RUNBOOKS = ROOT / "runbooks"
LOCAL = "127.0.0.1"


class UnsafeBinding(ValueError):
    """The console would be open to other machines without a password."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"listening on {host} opens the console to other machines: give it a password with --password-file"
        )


@dataclass(frozen=True, kw_only=True)
class ConsoleSettings:
    """How one console behaves; `python -m console --help` says what each is for.

    Raises:
        UnsafeBinding: it listens to other machines and has no password.
    """

    host: str = LOCAL
    port: int = 3000
    urls: Mapping[str, str] = field(default_factory=dict)  # by server, as stores.Stores.at takes them
    sink_url: str = "http://127.0.0.1:9095"
    password: str = field(default="", repr=False)
    scrape_interval_s: float = 15.0  # what $__rate_interval is made of
    dashboards: Path = DASHBOARDS
    runbooks: Path = RUNBOOKS
    threads: int = 10  # questions to the servers at the same time; a connection pool of `requests` holds as many

    def __post_init__(self) -> None:
        if not self.password and not is_loopback(self.host):
            raise UnsafeBinding(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
