"""The only thing that the console writes: silences. Each is written for a page of this console and for no other."""

from __future__ import annotations

from nicegui import Client
from starlette.datastructures import Headers

from console.alerts.silencing import SilenceRequest
from console.safety import same_origin
from console.services import services


class AnotherPage(PermissionError):
    """The request does not come from a page of this console."""

    def __init__(self) -> None:
        super().__init__("Refused: this request does not come from a page of this console. Load it again.")


async def silence(client: Client, wish: SilenceRequest) -> str:
    """Silence what was wished for; returns the silence's id.

    Raises:
        AnotherPage: it was sent by another site's page.
        StoreError: Alertmanager refused, or did not answer.
    """
    refuse_other_pages(client)
    alerts = services().stores.alerts
    return await services().ask(alerts.silence, wish.matchers, wish.duration_s, wish.comment, wish.author)


async def expire(client: Client, silence_id: str) -> None:
    """End a silence.

    Raises:
        AnotherPage: it was sent by another site's page.
        StoreError: Alertmanager refused, or did not answer.
    """
    refuse_other_pages(client)
    await services().ask(services().stores.alerts.expire_silence, silence_id)


def refuse_other_pages(client: Client) -> None:
    """Pass if the page's connection was opened by this console's own page.

    What a page sends carries the id that only that page was given; beyond that, the browser said with the connection
    whose page opened it. `Safety` looks at it first; writing does not rely on that.

    Raises:
        AnotherPage: it was not.
    """
    scope = (client.environ or {}).get("asgi.scope", {})
    headers = Headers(raw=[*scope.get("headers", ())])
    # A connection without web sockets begins with a GET, which names no origin but says whose page it is.
    if not same_origin(headers) and headers.get("sec-fetch-site") != "same-origin":
        raise AnotherPage
