"""The routes of /admin/faults. They accept loopback clients, or clients with the token."""

import hmac
import ipaddress
from typing import Any

from fastapi import APIRouter, Depends, Request

from demo_app.failures import AdminForbidden, AdminUnauthorized
from demo_app.faults import LiveSettings, available


def admin_router(live: LiveSettings) -> APIRouter:
    async def check_client(request: Request) -> None:
        _check_client(request, live.now.admin_token)

    router = APIRouter(prefix="/admin/faults", include_in_schema=False, dependencies=[Depends(check_client)])

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


def _check_client(request: Request, wanted: str) -> None:
    if not wanted:
        if not _is_loopback(request.client.host if request.client else ""):
            raise AdminForbidden("/admin accepts loopback clients only.", "To use it remotely, set DEMO_ADMIN_TOKEN.")
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode("latin-1"), wanted.encode()):
        hint = "Send the token of DEMO_ADMIN_TOKEN: `Authorization: Bearer TOKEN`."
        raise AdminUnauthorized("/admin needs a token.", hint)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
