"""The routes of /admin/faults. They accept loopback clients, or clients with the token."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

from fastapi import APIRouter, Depends, Request

from demo_app.failures import AdminForbidden, AdminUnauthorized
from demo_app.faults import LiveSettings, available
from demo_app.settings import DemoSettings


def admin_router(live: LiveSettings) -> APIRouter:
    """The admin endpoints. They are not in the OpenAPI schema and not traced."""

    async def guard(request: Request) -> None:
        _check_admin(request, live.now)

    router = APIRouter(prefix="/admin/faults", include_in_schema=False, dependencies=[Depends(guard)])

    @router.get("")
    async def list_faults() -> dict[str, Any]:
        return {"active": live.active(), "available": available()}

    @router.put("/{name}")
    async def put_fault(name: str, request: Request) -> dict[str, Any]:
        # FastAPI does not parse the body: its fields depend on the name, and a wrong body is not a rejected question.
        return live.put(name, await request.body())

    @router.delete("")
    async def delete_faults() -> dict[str, int]:
        return {"removed": live.remove()}

    @router.delete("/{name}")
    async def delete_fault(name: str) -> dict[str, int]:
        return {"removed": live.remove(name)}

    return router


def _check_admin(request: Request, settings: DemoSettings) -> None:
    if not settings.admin_token:
        if not _is_loopback(request.client.host if request.client else ""):
            raise AdminForbidden("/admin accepts loopback clients only.", "To use it remotely, set DEMO_ADMIN_TOKEN.")
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        token.strip().encode("latin-1"), settings.admin_token.encode()
    ):
        raise AdminUnauthorized(
            "/admin needs a token.", "Send the token of DEMO_ADMIN_TOKEN: `Authorization: Bearer TOKEN`."
        )


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
