"""The sink without HTTP: stores notifications, searches for affected traces, watches the watchdog."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from alert_sink.affected_trace import AffectedTraces
from alert_sink.alert_index import AlertIndex
from alert_sink.forward import ForwardFailed, forward
from alert_sink.links import Links
from alert_sink.metrics import SinkMetrics
from alert_sink.runbooks import RunbookLibrary
from alert_sink.settings import SinkSettings
from alert_sink.storage import Storage
from alert_sink.watchdog import SILENT, WATCHDOG, Watchdog, WatchdogChange
from alert_sink.webhook import Notification, fingerprint_of
from stores import MetricStore, StoreError
from stores.jaeger import Jaeger
from stores.tempo import Tempo

_log = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
PRUNE_EVERY_S = 3600.0
# Exemplars arrive with the next scrape, so the first search may be too early.
SEARCH_TRACE_AFTER_S = (0.0, 5.0, 15.0, 30.0)
FORWARD_AFTER_S = (0.0, 5.0, 30.0)
_SEARCHES_AT_ONCE = 2
_STORE_ANSWERS_WITHIN_S = 5.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class Clock:
    """Tests replace it."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time  # Unix s


class Sink:
    def __init__(self, settings: SinkSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.index = AlertIndex.load(settings.alerts)
        self.links = Links(settings, self.index)
        self.runbooks = RunbookLibrary(settings.runbooks)
        self.storage = Storage(settings.data)
        alarms = self.storage.newest(limit=1, alert=SILENT)
        self.watchdog = Watchdog(
            settings.silence_s,
            settings.grace_s,
            expected=bool(self.storage.newest(limit=1, alert=WATCHDOG, status="firing")),
            silent=bool(alarms) and alarms[0].notification.status == "firing",
            clock=clock.monotonic,
        )
        self.metrics = SinkMetrics(
            lambda: math.nan if (age_s := self.watchdog.age_s()) is None else age_s,
            lambda: float(self.watchdog.silent),
        )
        self._traces = _affected_traces(settings, self.index)
        self._searches = asyncio.Semaphore(_SEARCHES_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, notifications: list[Notification]) -> int:
        """Store notifications; returns how many of them were new.

        Raises:
            sqlite3.Error: they could not be stored; Alertmanager should send them again.
        """
        new = 0
        for notification in notifications:
            alert, firing = notification.alert, notification.status == "firing"
            searched = firing and self.index.examples(alert) is not None
            row, is_new = await asyncio.to_thread(
                self.storage.add, notification, self.clock.wall(), "looking" if searched else "none"
            )
            self.metrics.received(alert, notification.status, new=is_new)
            if is_new and searched:
                self._start(self._find_trace(row, notification))
            if alert == WATCHDOG and firing:
                await self._report(self.watchdog.arrived())
            new += is_new
        return new

    async def resume(self) -> None:
        """Continue the searches for traces that a restart interrupted. Call before receive()."""
        for stored in await asyncio.to_thread(self.storage.searching):
            self._start(self._find_trace(stored.id, stored.notification))

    async def run(self) -> None:
        pruned = -math.inf
        while True:
            try:
                await self.check_watchdog()
                if self.clock.monotonic() - pruned > PRUNE_EVERY_S:
                    pruned = self.clock.monotonic()
                    keep_s = self.settings.retention_days * DAY_S
                    await asyncio.to_thread(self.storage.prune, self.clock.wall(), keep_s)
            except sqlite3.Error as error:
                self.metrics.failed("storage")
                _log.error("cannot write to %s: %s", self.settings.data, error)
            await asyncio.sleep(CHECK_EVERY_S)

    async def check_watchdog(self) -> None:
        await self._report(self.watchdog.check())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.storage.close()

    async def _report(self, change: WatchdogChange | None) -> None:
        if change is None:
            return
        alarm = self._alarm(self.clock.wall())
        if change == "returned":
            begun = self.storage.newest(limit=1, alert=SILENT, status="firing")
            starts = begun[0].notification.starts if begun else alarm.starts
            alarm = replace(alarm, status="resolved", starts=starts, ends=max(alarm.starts, starts))
        _log.warning("%s %s", SILENT, alarm.status)
        if self.settings.forward_url or self.settings.forward_slack_file:
            self._start(self._forward(alarm))
        await asyncio.to_thread(self.storage.add, alarm, self.clock.wall())
        self.metrics.received(alarm.alert, alarm.status, new=True)

    def _alarm(self, now: float) -> Notification:
        labels = {"alertname": SILENT, "severity": "critical", "team": "platform"}
        annotations = {
            "summary": "The watchdog alert has stopped arriving, so other alerts may not arrive either.",
            "description": f"{WATCHDOG} has not arrived for {self.settings.silence_s:g} s. Prometheus, its rules or"
            " Alertmanager is down, or the connection between them is broken.",
        }
        if self.settings.own_page:
            annotations["runbook_url"] = f"{self.settings.own_page.rstrip('/')}/runbooks/{SILENT}"
        return Notification(
            SILENT, "firing", fingerprint_of(labels), labels, annotations, round(now, 6), None, "alert-sink"
        )

    async def _find_trace(self, row: int, notification: Notification) -> None:
        trace_id = ""
        for pause_s in SEARCH_TRACE_AFTER_S:
            await asyncio.sleep(pause_s)
            try:
                async with self._searches:
                    trace_id = await asyncio.to_thread(self._traces.find, notification, self.clock.wall())
            except (StoreError, ValueError) as error:
                self.metrics.failed("trace")
                _log.info("no trace for %s yet: %s", notification.alert, error)
            if trace_id:
                break
        with suppress(sqlite3.Error):
            await asyncio.to_thread(self.storage.set_trace, row, trace_id)

    async def _forward(self, alarm: Notification) -> None:
        for pause_s in FORWARD_AFTER_S:
            await asyncio.sleep(pause_s)
            try:
                await asyncio.to_thread(forward, alarm, self.settings.forward_url, self.settings.forward_slack_file)
                return
            except ForwardFailed as error:
                self.metrics.failed("forward")
                _log.error("%s was not forwarded: %s", alarm.alert, error)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _affected_traces(settings: SinkSettings, index: AlertIndex) -> AffectedTraces:
    traces: Jaeger | Tempo | None = None
    if settings.jaeger_url:
        traces = Jaeger(settings.jaeger_url, _STORE_ANSWERS_WITHIN_S)
    elif settings.tempo_url:
        traces = Tempo(settings.tempo_url, _STORE_ANSWERS_WITHIN_S)
    return AffectedTraces(index, MetricStore(settings.prometheus_url, _STORE_ANSWERS_WITHIN_S), traces)
