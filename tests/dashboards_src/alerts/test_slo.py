"""Every objective divides good from bad at a bucket boundary and has alerts of both severities."""

from __future__ import annotations

from dashboards_src import config
from dashboards_src.alerts.slo import can_burn, events_and_bad


def test_every_objective_has_a_bucket_boundary_and_alerts_of_both_severities() -> None:
    for slo in config.SLOS:
        events_and_bad(slo)  # raises if the threshold is no bucket boundary
        for scale in config.SCALES:
            severities = {burn.severity for burn in config.BURNS if can_burn(slo, burn, scale)}
            assert severities == {"critical", "warning"}, f"{slo.name} at {scale} scale"
