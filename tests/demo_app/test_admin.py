"""/admin answers loopback clients only, or every client with the token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import demo_app.app
from demo_app.admin import _is_loopback
from demo_app.settings import DemoSettings


async def from_elsewhere(settings: DemoSettings, address: str, authorization: str | None = None) -> httpx.Response:
    headers = {b"x-forwarded-for": b"127.0.0.1"}
    if authorization is not None:
        headers[b"authorization"] = authorization.encode()
    transport = httpx.ASGITransport(app=demo_app.app.create_app(settings), client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        return await client.get("/admin/faults", headers=headers)


async def test_other_machines_are_refused(tmp_path: Any) -> None:
    settings = DemoSettings(data_dir=tmp_path)
    assert (await from_elsewhere(settings, "127.0.0.1")).status_code == 200
    answer = await from_elsewhere(settings, "10.1.2.3")
    assert answer.status_code == 403
    assert "DEMO_ADMIN_TOKEN" in answer.json()["error"]["hint"]


async def test_with_a_token_only_clients_that_send_it_are_answered(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_ADMIN_TOKEN", "sécret")
    monkeypatch.setenv("DEMO_DATA_DIR", str(tmp_path))
    settings = DemoSettings.from_environment()
    assert "sécret" not in repr(settings)
    assert (await from_elsewhere(settings, "10.1.2.3", "Bearer sécret")).status_code == 200
    for wrong in (None, "Bearer wrong", "Bearer ", "sécret", "Basic sécret", "Bearer sécret2"):
        answer = await from_elsewhere(settings, "127.0.0.1", wrong)
        assert answer.status_code == 401, wrong
        assert "DEMO_ADMIN_TOKEN" in answer.json()["error"]["hint"]


def test_full_uses_the_token_of_the_provider() -> None:
    compose = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text(encoding="utf-8"))
    app, provider = (compose["services"][name]["environment"] for name in ("demo-app", "sim-provider"))
    assert app["DEMO_ADMIN_TOKEN"] == provider["SIM_PROVIDER_ADMIN_TOKEN"] == "${SIM_PROVIDER_ADMIN_TOKEN:-}"


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.1.5", False), ("", False), ("x", False)],
)
def test_loopback_addresses_are_recognised(address: str, loopback: bool) -> None:
    assert _is_loopback(address) is loopback
