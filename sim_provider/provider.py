"""What all endpoints share: settings, models, faults, the ledger and memory of what was asked before."""

import hmac
from dataclasses import dataclass, field

from sim_provider.chance import Chance
from sim_provider.clock import Clock
from sim_provider.errors import ApiError
from sim_provider.faults import FaultBoard
from sim_provider.ledger import Ledger
from sim_provider.prefix_cache import PrefixCache
from sim_provider.settings import Settings


@dataclass(slots=True)
class Provider:
    """The state of one provider."""

    settings: Settings
    clock: Clock
    chance: Chance = field(init=False)
    faults: FaultBoard = field(init=False)
    ledger: Ledger = field(init=False)
    prefixes: PrefixCache = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Chance(self.settings.seed)
        self.faults = FaultBoard(self.clock, self.settings.models.ids)
        self.ledger = Ledger(self.settings.ledger_entries, self.settings.models.names)
        self.prefixes = PrefixCache(self.clock)

    def check_key(self, authorization: bytes) -> None:
        """Raises ApiError 401 unless the request carries the configured key, if one is."""
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
    """The token of an Authorization header, empty when there is none."""
    scheme, _, token = authorization.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
