"""/admin: faults and the ledger, for loopback clients or whoever has the token."""

import hmac
import ipaddress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sim_provider.errors import ApiError, invalid
from sim_provider.faults import describe_kinds
from sim_provider.provider import Provider, bearer_token

DEFAULT_PAGE = 1_000
LARGEST_PAGE = 10_000
# Bytes; a fault is a handful of fields.
LARGEST_FAULT_BODY = 10_000


def admin_app(provider: Provider) -> ASGIApp:
    """The admin routes below their mount point."""
    faults, ledger = provider.faults, provider.ledger

    async def list_faults(_: Request) -> Response:
        return json_response({"active": faults.describe(), "available": describe_kinds()})

    async def put_fault(request: Request) -> Response:
        fault = faults.put(request.path_params["name"], await _body(request))
        return json_response(fault.describe(provider.clock.monotonic()))

    async def delete_faults(request: Request) -> Response:
        name = request.path_params.get("name")
        return json_response({"removed": faults.remove(name, request.query_params.get("model"))})

    async def read_ledger(request: Request) -> Response:
        since = _whole(request, "since", 0, 0, None)
        limit = _whole(request, "limit", DEFAULT_PAGE, 1, LARGEST_PAGE)
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
    return _Guard(Router(routes, redirect_slashes=False), provider.settings.admin_token)


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response, by orjson."""
    return Response(orjson.dumps(content), status, headers, "application/json")


class _Guard:
    """Lets in loopback peers; with a token configured, whoever sends it and nobody else."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token is None:
            if not _is_loopback(scope.get("client")):
                message = "/admin answers loopback clients only. Set SIM_PROVIDER_ADMIN_TOKEN to use it from elsewhere."
                raise ApiError(403, message, code="admin_forbidden")
        else:
            given = bearer_token(dict(scope["headers"]).get(b"authorization", b""))
            if not hmac.compare_digest(given, self._token.encode()):
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


async def _body(request: Request) -> Any:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FAULT_BODY:
            raise ApiError(413, f"A fault takes at most {LARGEST_FAULT_BODY} bytes.", code="request_too_large")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f'The body is not JSON ({error}). Send an object such as {{"duration_s": 60}}.', None) from error


def _whole(request: Request, name: str, default: int, low: int, high: int | None) -> int:
    value = request.query_params.get(name, str(default))
    if (
        not value.isascii()
        or not value.isdigit()
        or len(value) > 15
        or int(value) < low
        or (high is not None and int(value) > high)
    ):
        bounds = f"from {low} to {high}" if high is not None else f"from {low}"
        raise invalid(f"{name} must be a whole number {bounds}.", name)
    return int(value)
