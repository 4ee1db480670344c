"""kill -9 of a server under load loses no metric, log line or trace."""

from __future__ import annotations

import pytest
from live_load import loading
from live_stack import LiveStack


@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", ["jaeger", "victoria-logs", "prometheus", "otel-collector"])
def test_a_killed_server_loses_nothing(lite_only: LiveStack, server: str) -> None:
    with loading(lite_only) as load:
        load.wait_for(20)
        lite_only.kill(server)
        load.wait_for(40)
        lite_only.wait_ready()
        load.wait_for(20)
        load.check_nothing_is_lost()
