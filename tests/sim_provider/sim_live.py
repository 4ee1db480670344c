"""A running provider, and what tests do with it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from openai import AsyncOpenAI, OpenAI
from starlette.applications import Starlette

from sim_provider.clock import Clock

PASSAGES = """[1] API keys
API keys expire after 90 days. You can rotate a key in the console without downtime. Old keys keep working for 24 hours.

[2] Rate limits
Each workspace may send 600 requests per minute. Requests over the limit get status 429.

[3] Backups
Backups are taken every night at 02:00 UTC and kept for 35 days. Restores are started by an administrator."""
SYSTEM = f"You are the help desk of Acme. Answer from the context and cite it.\n\n{PASSAGES}"


def ask(question: str = "When do API keys expire?") -> list[Any]:
    """The messages of a retrieval application."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"Question: {question}"}]


CHAT_REQUEST = {"model": "gpt-4o", "messages": ask()}


class ManualClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, unix=lambda: 1_800_000_000.0 + self.now)


@dataclass
class Live:
    """A provider at `url`."""

    app: Starlette
    url: str
    http: httpx.Client

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, **options: Any) -> OpenAI:
        return OpenAI(**self._defaults(options))

    def async_client(self, **options: Any) -> AsyncOpenAI:
        return AsyncOpenAI(**self._defaults(options))

    def _defaults(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": f"{self.url}/v1", "api_key": "sk-test", "max_retries": 0} | options

    def admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, f"{self.url}/admin{path}", **options)

    def fault(self, name: str, **body: Any) -> None:
        answer = self.admin("PUT", f"/faults/{name}", json={"duration_s": 600} | body)
        assert answer.status_code == 200, answer.text

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """The ledger's entries, as soon as nothing is in progress."""
        deadline = time.monotonic() + 10
        while (page := self.admin("GET", "/ledger", params={"limit": 10_000}).json())["in_progress"]:
            assert time.monotonic() < deadline, "requests are still in progress"
            time.sleep(0.005)
        entries: list[Mapping[str, Any]] = page["entries"]
        return entries

    def entry(self) -> Mapping[str, Any]:
        """The only entry of the ledger."""
        entries = self.entries()
        assert len(entries) == 1, entries
        return entries[0]


def create_chat(client: OpenAI, **options: Any) -> Any:
    """Ask gpt-4o the question of `ask`, or what `options` say."""
    return client.chat.completions.create(**({"model": "gpt-4o", "messages": ask()} | options))


def answer_text(client: OpenAI, **options: Any) -> str:
    return create_chat(client, **options).choices[0].message.content or ""


async def last_entry(client: httpx.AsyncClient) -> dict:
    """The newest entry of the ledger."""
    page = (await client.get("/admin/ledger")).json()
    assert page["in_progress"] == 0
    return page["entries"][-1]
