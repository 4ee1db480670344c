"""/admin accepts loopback clients, or the configured token, and nothing else."""

import httpx
import pytest
from sim_live import Live

from sim_provider.admin import _is_loopback


def test_a_configured_token_is_required(start) -> None:
    live: Live = start(admin_token="secret")
    assert live.admin("GET", "/faults").status_code == 401
    assert live.admin("GET", "/faults", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert live.admin("GET", "/faults", headers={"authorization": "Bearer secret"}).status_code == 200


async def test_other_machines_are_refused_without_a_token(live: Live) -> None:
    transport = httpx.ASGITransport(app=live.app, client=("10.1.2.3", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as client:
        answer = await client.get("/admin/ledger", headers={"x-forwarded-for": "127.0.0.1"})
        assert answer.status_code == 403
        assert "SIM_PROVIDER_ADMIN_TOKEN" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.1.5", False), ("", False), ("x", False)],
)
def test_loopback_addresses_are_recognised(address: str, loopback: bool) -> None:
    assert _is_loopback((address, 1)) is loopback
