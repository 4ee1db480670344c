"""The routes below /admin: faults and the ledger. They accept loopback clients, or clients with the token."""

import hmac
import ipaddress
import math
import re
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sim_provider.errors import ApiError, invalid_request
from sim_provider.faults import describe_kinds
from sim_provider.provider import Provider, bearer_token

DEFAULT_PAGE_SIZE = 1_000
MAX_PAGE_SIZE = 10_000
MAX_FAULT_BODY_BYTES = 10_000


def admin_app(provider: Provider) -> ASGIApp:
    faults, ledger = provider.faults, provider.ledger

    async def list_faults(_: Request) -> Response:
        return json_response({"active": faults.describe(), "available": describe_kinds()})

    async def put_fault(request: Request) -> Response:
        fault = faults.put(request.path_params["name"], await _json_body(request))
        return json_response(fault.describe(provider.clock.monotonic()))

    async def delete_faults(request: Request) -> Response:
        name = request.path_params.get("name")
        return json_response({"removed": faults.remove(name, request.query_params.get("model"))})

    async def read_ledger(request: Request) -> Response:
        since = _integer_parameter(request, "since", 0, 0, None)
        limit = _integer_parameter(request, "limit", DEFAULT_PAGE_SIZE, 1, MAX_PAGE_SIZE)
        return Response(ledger.page(since, limit), media_type="application/json")

    async def read_totals(_: Request) -> Response:
        return json_response(ledger.totals())

    async def clear_ledger(_: Request) -> Response:
        return json_response({"removed": ledger.clear()})

    routes = [
        Route("/faults", list_faults, methods=["GET"]),
        Route("/faults", delete_faults, methods=["DELETE"]),
        Route("/faults/{name}", put_fault, methods=["PUT"]),
        Route("/faults/{name}", delete_faults, methods=["DELETE"]),
        Route("/ledger", read_ledger, methods=["GET"]),
        Route("/ledger", clear_ledger, methods=["DELETE"]),
        Route("/ledger/totals", read_totals, methods=["GET"]),
    ]
    return _AccessControl(Router(routes, redirect_slashes=False), provider.settings.admin_token)


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


class _AccessControl:
    """Accepts loopback clients only. If a token is configured, it accepts clients that send the token instead."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token is None:
            if not _is_loopback(scope.get("client")):
                message = "/admin accepts loopback clients only. To use it remotely, set SIM_PROVIDER_ADMIN_TOKEN."
                raise ApiError(403, message, code="admin_forbidden")
        else:
            token = bearer_token(dict(scope["headers"]).get(b"authorization", b""))
            if not hmac.compare_digest(token, self._token.encode()):
                message = "Send the token of SIM_PROVIDER_ADMIN_TOKEN: Authorization: Bearer TOKEN."
                raise ApiError(401, message, code="admin_unauthorized")
        await self._app(scope, receive, send)


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        address = ipaddress.ip_address(client[0]) if client else None
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


async def _json_body(request: Request) -> Any:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FAULT_BODY_BYTES:
            raise ApiError(413, f"The body must have at most {MAX_FAULT_BODY_BYTES} bytes.", code="request_too_large")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = f'The body is not JSON ({error}). Send an object such as {{"duration_s": 60}}.'
        raise invalid_request(message, None) from error


def _integer_parameter(request: Request, name: str, default: int, low: int, high: int | None) -> int:
    value = request.query_params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,15}", value) or not low <= int(value) <= (math.inf if high is None else high):
        bounds = f"from {low} to {high}" if high is not None else f"from {low}"
        raise invalid_request(f"{name} must be a whole number {bounds}.", name)
    return int(value)
