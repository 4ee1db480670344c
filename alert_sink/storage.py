"""Stores notifications in SQLite: one row per alert, start and state. A repetition updates its row."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from alert_sink.webhook import Notification

TraceState = Literal["looking", "found", "none"]

# The newest rows are kept at any age, so that a clock that jumps a year ahead does not empty the file.
KEPT_AT_ANY_AGE = 1_000
MOST_KEPT = 50_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivered (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fingerprint TEXT NOT NULL,
  starts_us INTEGER NOT NULL,
  status TEXT NOT NULL,
  ends_us INTEGER,
  alert TEXT NOT NULL,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  receiver TEXT NOT NULL,
  generator_url TEXT NOT NULL,
  received REAL NOT NULL,
  repeated REAL NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 1,
  trace_state TEXT NOT NULL,
  trace_id TEXT NOT NULL DEFAULT '',
  UNIQUE (fingerprint, starts_us, status)
);
CREATE INDEX IF NOT EXISTS delivered_received ON delivered (received);
"""


@dataclass(frozen=True)
class StoredNotification:
    """A notification with its delivery times (Unix seconds)."""

    id: int  # grows with every new notification, whatever the clock does
    notification: Notification
    received: float  # first delivery
    repeated: float  # latest delivery
    deliveries: int
    trace_state: TraceState
    trace_id: str  # of one affected request; empty unless found


class Storage:
    """One file. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(folder / "alerts.sqlite", check_same_thread=False, timeout=5)
        self._database.row_factory = sqlite3.Row
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def add(self, notification: Notification, now: float, trace_state: TraceState = "none") -> tuple[int, bool]:
        """Store a notification; returns its id, and False if it repeats a stored one.

        A repetition replaces the annotations, which contain the alert's current value.
        """
        key = (notification.fingerprint, _us(notification.starts), notification.status)
        with self._lock, self._database as database:
            known = database.execute(
                "SELECT id FROM delivered WHERE fingerprint = ? AND starts_us = ? AND status = ?", key
            ).fetchone()
            if known:
                database.execute(
                    "UPDATE delivered SET repeated = ?, deliveries = deliveries + 1, annotations = ? WHERE id = ?",
                    (now, _json(notification.annotations), known["id"]),
                )
                return int(known["id"]), False
            trace_id = ""
            if notification.status == "resolved":
                same_alert = (*key[:2], "firing")
                firing = database.execute(
                    "SELECT trace_id FROM delivered WHERE fingerprint = ? AND starts_us = ? AND status = ?", same_alert
                ).fetchone()
                trace_id = firing["trace_id"] if firing else ""
            cursor = database.execute(
                "INSERT INTO delivered (fingerprint, starts_us, status, ends_us, alert, labels, annotations, receiver,"
                " generator_url, received, repeated, trace_state, trace_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *key,
                    None if notification.ends is None else _us(notification.ends),
                    notification.alert,
                    _json(notification.labels),
                    _json(notification.annotations),
                    notification.receiver,
                    notification.generator_url,
                    now,
                    now,
                    "found" if trace_id else trace_state,
                    trace_id,
                ),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid, True

    def set_trace(self, row: int, trace_id: str) -> None:
        """Store the trace of an alert, also for its resolved notification if it has arrived; empty: none found."""
        state: TraceState = "found" if trace_id else "none"
        with self._lock, self._database as database:
            database.execute(
                "UPDATE delivered SET trace_state = ?, trace_id = ? WHERE (fingerprint, starts_us) ="
                " (SELECT fingerprint, starts_us FROM delivered WHERE id = ?)",
                (state, trace_id, row),
            )

    def newest(
        self,
        *,
        limit: int,
        alert: str = "",
        status: str = "",
        since: float | None = None,
        after: int | None = None,
        without: str = "",
    ) -> list[StoredNotification]:
        """Notifications that meet every condition that is given, newest first.

        `since`: first received at this time (Unix s) or later; `after`: with a greater id; `without`: an alert's name.
        """
        conditions: dict[str, Any] = {
            "alert = ?": alert or None,
            "status = ?": status or None,
            "received >= ?": since,
            "id > ?": after,
            "alert <> ?": without or None,
        }
        given = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(given) or "1"
        return self._select(f"WHERE {where} ORDER BY id DESC LIMIT ?", [*given.values(), limit])

    def searching(self) -> list[StoredNotification]:
        return self._select("WHERE trace_state = 'looking' ORDER BY id DESC LIMIT 100", [])

    def alert_names(self) -> list[str]:
        with self._lock:
            return [row[0] for row in self._database.execute("SELECT DISTINCT alert FROM delivered ORDER BY alert")]

    def prune(self, now: float, retention_s: float) -> int:
        """Delete notifications that are too old or too many; returns the number of deleted rows."""
        with self._lock, self._database as database:
            newest = "SELECT id FROM delivered ORDER BY repeated DESC, id DESC LIMIT ?"
            too_old = database.execute(
                f"DELETE FROM delivered WHERE repeated < ? AND id NOT IN ({newest})",  # noqa: S608 - our own text
                (now - retention_s, KEPT_AT_ANY_AGE),
            )
            too_many = database.execute(f"DELETE FROM delivered WHERE id NOT IN ({newest})", (MOST_KEPT,))  # noqa: S608
            return too_old.rowcount + too_many.rowcount

    def check(self) -> None:
        """Raise a sqlite3.Error if the file cannot be read."""
        with self._lock:
            self._database.execute("SELECT 1 FROM delivered LIMIT 1").fetchone()

    def _select(self, condition: str, values: Sequence[Any]) -> list[StoredNotification]:
        with self._lock:
            rows = self._database.execute(f"SELECT * FROM delivered {condition}", values).fetchall()  # noqa: S608
        return [_stored(row) for row in rows]


def _stored(row: sqlite3.Row) -> StoredNotification:
    return StoredNotification(
        id=row["id"],
        notification=Notification(
            alert=row["alert"],
            status=row["status"],
            fingerprint=row["fingerprint"],
            labels=orjson.loads(row["labels"]),
            annotations=orjson.loads(row["annotations"]),
            starts=row["starts_us"] / 1e6,
            ends=None if row["ends_us"] is None else row["ends_us"] / 1e6,
            receiver=row["receiver"],
            generator_url=row["generator_url"],
        ),
        received=row["received"],
        repeated=row["repeated"],
        deliveries=row["deliveries"],
        trace_state=row["trace_state"],
        trace_id=row["trace_id"],
    )


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


def _json(texts: Any) -> str:
    return orjson.dumps(dict(texts)).decode()
