"""What can be set from outside, in one place."""

from dataclasses import dataclass, field

from sim_provider.models import Models, load_models

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one provider behaves; `python -m sim_provider --help` says what each is for.

    `latency_scale` multiplies the latencies of the models (0 = none), not what the `latency` and `ttft` faults add.
    `api_key` None accepts any key and none. `admin_token` None lets only loopback clients use `/admin`.
    """

    seed: int = 7
    latency_scale: float = 1.0
    models: Models = field(default_factory=load_models)
    api_key: str | None = None
    admin_token: str | None = None
    ledger_entries: int = 200_000
    max_body_bytes: int = 8 * MIB
