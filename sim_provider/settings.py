"""Settings of one provider."""

from dataclasses import dataclass, field

from sim_provider.models import Models, load_models


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
