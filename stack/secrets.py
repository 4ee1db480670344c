"""Secrets of one stack. They are created at the first start, in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

USER_SALT = "user-salt"
OTLP_TOKEN = "otlp-token"  # noqa: S105 - a file's name
PROVIDER_TOKEN = "sim-provider-admin-token"  # noqa: S105 - a file's name
GRAFANA_PASSWORD = "grafana-admin-password"  # noqa: S105 - a file's name
CONSOLE_PASSWORD = "console-password"  # noqa: S105 - a file's name
SLACK_WEBHOOK = "slack-webhook-url"  # the user creates it: URL of Slack's incoming webhook
# Compose mounts them into a container with another user. The folder around them is closed to other users.
_READ_BY_CONTAINERS = {GRAFANA_PASSWORD}


def secret(folder: Path, name: str) -> str:
    """The secret called `name`; the first call creates it."""
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
