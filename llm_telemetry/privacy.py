"""Keeps personal data out of telemetry: user ids and prompts are hashed, captured content is redacted."""

import json
import logging
import os
import re
import secrets
from hashlib import blake2b
from typing import Any

USER_SALT_VARIABLE = "LLM_TELEMETRY_USER_SALT"

_log = logging.getLogger(__name__)

# Each pattern limits how much text it can match, so that redaction takes linear time for any text.
# The patterns are broad on purpose: a redacted product number is better than a leaked card number.
_REDACTIONS = tuple(
    (re.compile(pattern), f"[{kind}]")
    for kind, pattern in (
        ("secret", r"\b(?:sk|pk|ghp|gho|xox[abprs])[-_][A-Za-z0-9_-]{12,}|\bAKIA[0-9A-Z]{16}\b"),
        ("secret", r"\beyJ[\w-]{1,2000}\.[\w-]{1,4000}\.[\w-]+"),  # JSON Web Token
        ("email", r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]+\b"),
        ("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b"),
        ("card", r"\b\d(?:[ -]?\d){12,18}\b"),
        ("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
        ("phone", r"(?<!\w)\+?\d[\d ()/.-]{7,}\d\b"),
    )
)  # fmt: skip
_as_json = json.JSONEncoder(default=str).encode
CONTENT_LIMIT = 8192  # characters of one text on a span; collectors refuse attributes that are much longer


class Hasher:
    """Hashes with a secret key, so that ids cannot be guessed from telemetry without the salt."""

    def __init__(self, salt: str | None = None) -> None:
        """Use `salt`, else $LLM_TELEMETRY_USER_SALT, else a random salt, which is logged."""
        given = salt or os.environ.get(USER_SALT_VARIABLE)
        if not given:
            _log.info(
                "$%s is not set: user ids are hashed with a random salt, so their hashes differ between processes "
                "and after a restart",
                USER_SALT_VARIABLE,
            )
        self._key = blake2b((given or secrets.token_hex(32)).encode()).digest()

    def user(self, user_id: str) -> str:
        """Return 16 hex digits that stand for `user_id` wherever the same salt is used."""
        return self._digest(b"user", str(user_id))

    def prompt(self, prompt: Any) -> str:
        """Return 16 hex digits that identify a prompt, given as text or as a list of messages."""
        return self._digest(b"prompt", prompt if isinstance(prompt, str) else _as_json(prompt))

    def _digest(self, purpose: bytes, text: str) -> str:
        return blake2b(text.encode("utf-8", "replace"), digest_size=8, key=self._key, person=purpose).hexdigest()


def redact(text: str) -> str:
    """Replace what looks like a secret, e-mail address, IBAN, card number, IP address or phone number."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def redacted_json(content: Any) -> str:
    """Return `content` as JSON for a span attribute: each text is redacted and cut to CONTENT_LIMIT characters."""
    return json.dumps(_redacted(content), ensure_ascii=False, default=str)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        redacted = redact(value[: 4 * CONTENT_LIMIT])
        return redacted[:CONTENT_LIMIT]  # cut after redaction: half a number is not recognised
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value if isinstance(value, int | float | None) else _redacted(str(value))
