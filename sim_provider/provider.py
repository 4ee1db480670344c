"""Settings, and the state that all endpoints share: faults, the ledger, random numbers and the prompt cache."""

import hmac
from dataclasses import dataclass, field

from sim_provider.clock import Clock
from sim_provider.errors import ApiError
from sim_provider.faults import FaultRegistry
from sim_provider.ledger import MAX_ENTRIES, Ledger
from sim_provider.models import Models, load_models
from sim_provider.prefix_cache import PrefixCache
from sim_provider.randomness import RandomSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one provider, as `python -m sim_provider --help` explains them.

    `latency_scale` multiplies the latencies of the models (0: no latency), not the time that faults add.
    If `api_key` is None, `/v1` accepts every key, and requests without a key.
    If `admin_token` is None, `/admin` accepts loopback clients only.
    """

    seed: int = 7
    latency_scale: float = 1.0
    models: Models = field(default_factory=load_models)
    api_key: str | None = None
    admin_token: str | None = None


class Provider:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.random = RandomSource(settings.seed)
        self.faults = FaultRegistry(clock, settings.models.ids)
        self.ledger = Ledger(MAX_ENTRIES, settings.models.names)
        self.prefix_cache = PrefixCache(clock)

    def check_key(self, authorization: bytes) -> None:
        """Raise ApiError with status 401 if a key is configured and the request does not carry it."""
        key = self.settings.api_key
        if key is None:
            return
        given = bearer_token(authorization)
        if not given:
            message = (
                "You didn't provide an API key. Send it in an Authorization header: Authorization: Bearer YOUR_KEY."
            )
            raise ApiError(401, message, outcome="unauthorized")
        if not hmac.compare_digest(given, key.encode()):
            message = f"Incorrect API key provided: {given[:3].decode('ascii', 'replace')}***."
            raise ApiError(401, message, code="invalid_api_key", outcome="unauthorized")


def bearer_token(authorization: bytes) -> bytes:
    scheme, _, token = authorization.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
