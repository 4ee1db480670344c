"""What the chat and the embeddings endpoint share: reading the request, drawing faults, recording in the ledger."""

from dataclasses import dataclass
from typing import Any, Literal

from starlette.types import Receive, Scope, Send

from sim_provider.error_faults import apply_error_fault
from sim_provider.faults import DrawnFaults
from sim_provider.http_exchange import HttpExchange, parse_json_object
from sim_provider.models import ServedModel
from sim_provider.provider import Provider
from sim_provider.randomness import RequestRandom
from sim_provider.timing import ResponseTiming, draw_timing

MAX_BODY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn for one request: its random numbers, its faults and its timing."""

    random: RequestRandom
    faults: DrawnFaults
    timing: ResponseTiming


class Endpoint:
    """An endpoint as an ASGI app. `name` is what the ledger calls it."""

    name: Literal["chat", "embeddings"]

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = self._provider
        exchange = HttpExchange(scope, receive, send, endpoint=self.name, ledger=provider.ledger, clock=provider.clock)
        async with exchange:
            body = await exchange.read_body(MAX_BODY_BYTES)
            provider.check_key(exchange.headers.get(b"authorization", b""))
            data = parse_json_object(body)
            exchange.note_request(data)
            await self._serve(exchange, data)

    async def _serve(self, exchange: HttpExchange, data: dict[str, Any]) -> None:
        """Validate `data` and respond. Raises ApiError, ClientGoneError."""
        raise NotImplementedError

    async def _draw(self, exchange: HttpExchange, model: ServedModel, content: bytes) -> Draw | None:
        """Draw faults and timing for a request with this content.

        Returns None if a fault has replaced the response. Raises ApiError, ClientGoneError.
        """
        provider = self._provider
        random = provider.random.for_request(model.id, content)
        faults = provider.faults.draw(model.id, random, chat=self.name == "chat")
        timing = draw_timing(model, provider.settings.latency_scale, random, faults)
        exchange.entry.faults += [name for name in ("latency", "ttft") if name in faults]
        if await apply_error_fault(exchange, model, timing, faults):
            return None
        return Draw(random, faults, timing)
