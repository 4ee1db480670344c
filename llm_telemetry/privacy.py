"""What keeps people out of telemetry: hashed user ids, hashed prompts, redacted content."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from hashlib import blake2b
from typing import Any

USER_SALT_VARIABLE = "LLM_TELEMETRY_USER_SALT"

_log = logging.getLogger(__name__)

# Lengths are bounded, so that no text takes a pattern more than linear time.
# Deliberately broad: a redacted product number costs less than a leaked card number.
_REDACTIONS = tuple(
    (re.compile(pattern), f"[{kind}]")
    for kind, pattern in (
        ("secret", r"\b(?:sk|pk|ghp|gho|xox[abprs])[-_][A-Za-z0-9_-]{12,}|\bAKIA[0-9A-Z]{16}\b"),
        ("secret", r"\beyJ[\w-]{1,2000}\.[\w-]{1,4000}\.[\w-]+"),  # a JSON web token
        ("email", r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]+\b"),
        ("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b"),
        ("card", r"\b\d(?:[ -]?\d){12,18}\b"),
        ("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
        ("phone", r"(?<!\w)\+?\d[\d ()/.-]{7,}\d\b"),
    )
)  # fmt: skip
_as_json = json.JSONEncoder(default=str).encode
CONTENT_LIMIT = 8192  # characters of one message on a span; collectors refuse much longer attributes


class Hasher:
    """Keyed hashes, so that who has the telemetry cannot guess ids back without the salt."""

    def __init__(self, salt: str | None = None) -> None:
        """Use `salt`, else $LLM_TELEMETRY_USER_SALT, else one made up for this process, and say so."""
        given = salt or os.environ.get(USER_SALT_VARIABLE)
        if not given:
            _log.info(
                "$%s is not set: user ids are hashed with a salt of this process and will differ "
                "after a restart and between processes",
                USER_SALT_VARIABLE,
            )
        self._key = blake2b((given or secrets.token_hex(32)).encode()).digest()

    def user(self, user_id: str) -> str:
        """16 hex digits that stand for `user_id` in all telemetry of this deployment."""
        return self._digest(b"user", str(user_id))

    def prompt(self, prompt: Any) -> str:
        """16 hex digits that tell prompts (a text, or messages as JSON) apart."""
        return self._digest(b"prompt", prompt if isinstance(prompt, str) else _as_json(prompt))

    def _digest(self, purpose: bytes, text: str) -> str:
        return blake2b(text.encode("utf-8", "replace"), digest_size=8, key=self._key, person=purpose).hexdigest()


def redact(text: str) -> str:
    """`text` without what looks like a secret, e-mail address, account, card, IP or phone number."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def captured(content: Any) -> str:
    """Messages as JSON for a span attribute, each text redacted and cut to CONTENT_LIMIT characters."""
    return json.dumps(_redacted(content), ensure_ascii=False, default=str)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value[: 4 * CONTENT_LIMIT])[:CONTENT_LIMIT]  # cut last: a cut number is not recognised
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value if isinstance(value, int | float | None) else _redacted(str(value))
