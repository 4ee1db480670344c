"""Secrets of one stack: made at its first start, kept in files that only their owner reads, never in git."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

USER_SALT = "user-salt"
OTLP_TOKEN = "otlp-token"  # noqa: S105 - a file's name
PROVIDER_TOKEN = "sim-provider-admin-token"  # noqa: S105 - a file's name
GRAFANA_PASSWORD = "grafana-admin-password"  # noqa: S105 - a file's name
CONSOLE_PASSWORD = "console-password"  # noqa: S105 - a file's name
SLACK_WEBHOOK = "slack-webhook-url"  # put there by the user: Slack's incoming webhook
# Compose mounts it into a container whose user is not ours; the folder around it lets nobody else in.
_READ_BY_CONTAINERS = {GRAFANA_PASSWORD}


def secret(folder: Path, name: str) -> str:
    """The secret called `name`; made up and kept when it is asked for the first time."""
    file = folder / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        mode = 0o444 if name in _READ_BY_CONTAINERS else 0o600
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        value = secrets.token_urlsafe(24)
        out.write(value + "\n")
    return value
