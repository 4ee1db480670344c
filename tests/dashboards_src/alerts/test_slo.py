"""Every objective divides good from bad at a bucket boundary and has alerts of both severities."""

from __future__ import annotations

from dashboards_src import config
from dashboards_src.alerts.slo import can_burn, events_and_bad


def test_objectives_can_be_told_and_burnt() -> None:
    for slo in config.SLOS:
        events_and_bad(slo)  # its edge is a bucket's
        for scale in config.SCALES:
            severities = {burn.severity for burn in config.BURNS if can_burn(slo, burn, scale)}
            assert severities == {"critical", "warning"}, f"{slo.name} at {scale} scale"
