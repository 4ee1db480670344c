"""Whether each server is up: servers that the console queries itself, and the targets that Prometheus scrapes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.services import Services
from stack.servers import SERVERS
from stores import StoreError
from stores.metric_results import Sample

_ABOUT = {server.name: server.about for server in SERVERS}


@dataclass(frozen=True)
class ServerStatus:
    """`detail`: the response time of a server that is up, or what is wrong."""

    name: str
    about: str
    up: bool
    detail: str
    next_step: str = ""


async def server_statuses(source: Services) -> list[ServerStatus]:
    queried = (*source.stores.all(), source.sink)
    own, scraped = await asyncio.gather(
        asyncio.gather(*(_check(source, one.server, one.check_ready) for one in queried)),
        _scraped(source, {one.server for one in queried}),
    )
    return [*own, *scraped]


def job_statuses(up: Sequence[Sample], without: set[str]) -> list[ServerStatus]:
    """One status per job of the metric `up`, except the jobs in `without`."""
    jobs: dict[str, list[Sample]] = {}
    for sample in up:
        jobs.setdefault(sample.labels.get("job", ""), []).append(sample)
    return [_job_status(job, samples) for job, samples in sorted(jobs.items()) if job and job not in without]


def _job_status(job: str, samples: Sequence[Sample]) -> ServerStatus:
    down = [sample.labels.get("instance", "") for sample in samples if sample.value != 1]
    about = _ABOUT.get(job, "applications" if job == "apps" else "scrape target")
    if not down:
        count = f"{len(samples)} targets up" if len(samples) > 1 else "scrape target up"
        return ServerStatus(job, about, True, count)
    next_step = f"make logs SERVICE={job}" if job in _ABOUT else ""
    return ServerStatus(job, about, False, f"scrape failed: {', '.join(down)}", next_step)


async def _check(source: Services, name: str, check: Callable[[], None]) -> ServerStatus:
    seconds = await source.ask_or_error(_timed, check)
    if isinstance(seconds, StoreError):
        return ServerStatus(name, _ABOUT.get(name, ""), False, seconds.what, seconds.next_step)
    return ServerStatus(name, _ABOUT.get(name, ""), True, f"{seconds * 1000:.0f} ms")


def _timed(check: Callable[[], None]) -> float:
    """Seconds that `check` took. It is timed in its thread, so the time in the thread pool's queue does not count."""
    begun = time.perf_counter()
    check()
    return time.perf_counter() - begun


async def _scraped(source: Services, without: set[str]) -> list[ServerStatus]:
    up = await source.ask_or_error(source.stores.metrics.instant, "up")
    return [] if isinstance(up, StoreError) else job_statuses(up, without)  # Prometheus' own status tells the error
