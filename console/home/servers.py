"""Whether each server answers: those that the console asks itself, and what Prometheus scrapes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.services import Services
from stack.servers import SERVERS
from stores import StoreError
from stores.metric_answers import Sample

_ABOUT = {server.name: server.about for server in SERVERS}


@dataclass(frozen=True)
class Answering:
    """One server. `says` is how fast it answered, or why it did not."""

    name: str
    about: str
    answers: bool
    says: str
    next_step: str = ""


async def read(of: Services) -> list[Answering]:
    """Ask all of them, and Prometheus for the rest."""
    asked = (*of.stores.all(), of.sink)
    own, scraped = await asyncio.gather(
        asyncio.gather(*(_check(of, one.server, one.check_ready) for one in asked)),
        _scraped(of, {one.server for one in asked}),
    )
    return [*own, *scraped]


def seen_by_prometheus(up: Sequence[Sample], without: set[str]) -> list[Answering]:
    """What the metric `up` says of jobs that are not in `without`; one entry per job."""
    jobs: dict[str, list[Sample]] = {}
    for sample in up:
        jobs.setdefault(sample.labels.get("job", ""), []).append(sample)
    return [_job(job, samples) for job, samples in sorted(jobs.items()) if job and job not in without]


def _job(job: str, samples: Sequence[Sample]) -> Answering:
    down = [sample.labels.get("instance", "") for sample in samples if sample.value != 1]
    about = _ABOUT.get(job, "applications" if job == "apps" else "scraped")
    if not down:
        count = f"{len(samples)} answer" if len(samples) > 1 else "answers"
        return Answering(job, about, True, f"{count} its scrapes")
    return Answering(job, about, False, f"not scraped: {', '.join(down)}", f"make logs SERVICE={job}")


async def _check(of: Services, name: str, check: Callable[[], None]) -> Answering:
    took_s = await of.tried(_timed, check)
    if isinstance(took_s, StoreError):
        return Answering(name, _ABOUT.get(name, ""), False, took_s.what, took_s.next_step)
    return Answering(name, _ABOUT.get(name, ""), True, f"{took_s * 1000:.0f} ms")


def _timed(check: Callable[[], None]) -> float:
    """Seconds that it took; in its thread, so that waiting for one is not in it."""
    begun = time.perf_counter()
    check()
    return time.perf_counter() - begun


async def _scraped(of: Services, without: set[str]) -> list[Answering]:
    up = await of.tried(of.stores.metrics.instant, "up")
    return [] if isinstance(up, StoreError) else seen_by_prometheus(up, without)  # said of Prometheus itself already
