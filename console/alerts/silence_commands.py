"""Creates and expires silences: the console writes nothing else. Only pages of this console may do so."""

from __future__ import annotations

from nicegui import Client
from starlette.datastructures import Headers

from console.access import same_origin
from console.alerts.silencing import SilenceRequest
from console.services import services


class CrossOriginRefused(PermissionError):
    def __init__(self) -> None:
        super().__init__("Refused: this request does not come from a page of this console. Reload the page.")


async def create_silence(client: Client, request: SilenceRequest) -> str:
    """Returns the id of the new silence.

    Raises:
        CrossOriginRefused: a page of another site sent the request.
        StoreError: Alertmanager refused the silence, or did not answer.
    """
    refuse_cross_origin(client)
    alerts = services().stores.alerts
    return await services().ask(
        alerts.create_silence, request.matchers, request.duration_s, request.comment, request.author
    )


async def expire_silence(client: Client, silence_id: str) -> None:
    """End a silence now.

    Raises:
        CrossOriginRefused: a page of another site sent the request.
        StoreError: Alertmanager refused, or did not answer.
    """
    refuse_cross_origin(client)
    await services().ask(services().stores.alerts.expire_silence, silence_id)


def refuse_cross_origin(client: Client) -> None:
    """Check that a page of this console opened the connection of `client`.

    Each message of a page carries an id that only this page was given. In addition, the browser told the origin when it
    opened the connection. `AccessControl` checks the origin as well, but a write does not rely on that.

    Raises:
        CrossOriginRefused: another site's page opened it.
    """
    scope = (client.environ or {}).get("asgi.scope", {})
    headers = Headers(raw=[*scope.get("headers", ())])
    # Without web sockets, the connection begins with a GET: it has no origin, but sec-fetch-site.
    if not same_origin(headers) and headers.get("sec-fetch-site") != "same-origin":
        raise CrossOriginRefused
