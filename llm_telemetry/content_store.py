"""Optional store of questions, retrieved chunks and answers by span id, for evaluation. It is not telemetry.

The store is one SQLite file that only its owner can read. A thread of its own writes it, so a slow disk never
delays an answer: if the queue of that thread is full, a content is dropped and counted.
"""

import atexit
import json
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from pathlib import Path

_log = logging.getLogger(__name__)

DEFAULT_RETENTION_DAYS = 14.0
_QUEUE_LIMIT = 1_000  # contents that wait to be written
_PRUNE_EVERY_S = 3600.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS content (
  span_id TEXT NOT NULL, trace_id TEXT NOT NULL, unix_time REAL NOT NULL, endpoint TEXT NOT NULL,
  tenant_id TEXT, model TEXT, prompt_version TEXT, question TEXT NOT NULL, chunks TEXT NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY (trace_id, span_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS content_by_time ON content (unix_time);
"""


@dataclass(frozen=True)
class Content:
    """Question, retrieved chunks and answer of one generation.

    `span_id` and `trace_id` are those of its `generate` span. `unix_time` is in seconds.
    """

    span_id: str
    trace_id: str
    endpoint: str
    question: str
    answer: str
    chunks: Sequence[str] = ()
    tenant_id: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    unix_time: float = field(default_factory=time.time)


class ContentStore:
    """Writes and reads contents. A process has one instance; other processes may read the file meanwhile."""

    def __init__(
        self,
        path: Path,
        retention_days: float = DEFAULT_RETENTION_DAYS,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        """Open or create the store.

        Args:
            path: the SQLite file. Missing folders are created.
            retention_days: contents are deleted after this many days.
            on_failure: called for every content that could not be kept.

        Raises:
            OSError, sqlite3.Error: the file cannot be created, or it is not a database.
        """
        self._path = path
        self._retention_s = retention_days * 86_400
        self._on_failure = on_failure
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)  # for a file that existed before; SQLite gives its other files the same mode
        # After __init__, only the writer thread uses this connection.
        self._database = sqlite3.connect(path, timeout=5, check_same_thread=False)
        try:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
            self._prune()
        except sqlite3.Error:
            self._database.close()
            raise
        self._queue: queue.Queue[Content | None] = queue.Queue(_QUEUE_LIMIT)
        self._writer = threading.Thread(target=self._write, name="llm-content-store", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    def add(self, content: Content) -> None:
        """Queue `content` for writing. Never waits.

        Drops `content` and calls `on_failure` if the queue is full, if the store is closed, or after a fork:
        the writer thread exists only in the process that opened the store.
        """
        try:
            if self._writer.is_alive():
                self._queue.put_nowait(content)
                return
        except queue.Full:
            pass
        self._on_failure()

    def flush(self) -> None:
        """Wait until everything that was added before is written or has failed."""
        if self._writer.is_alive():
            self._queue.join()

    def close(self) -> None:
        """Write what is queued and stop. Later contents are dropped."""
        atexit.unregister(self.close)
        if self._writer.is_alive():
            self._queue.put(None)
            self._writer.join(timeout=10)

    def since(self, unix_time: float, limit: int = 1_000) -> list[Content]:
        """Return at most `limit` contents since `unix_time` (seconds), oldest first."""
        return self._select("WHERE unix_time >= ? ORDER BY unix_time LIMIT ?", (unix_time, limit))

    def of_trace(self, trace_id: str) -> list[Content]:
        """Return the contents of one trace, oldest first."""
        return self._select("WHERE trace_id = ? ORDER BY unix_time", (trace_id,))

    def _select(self, clause: str, values: tuple[object, ...]) -> list[Content]:
        columns = ", ".join(column.name for column in fields(Content))
        with closing(sqlite3.connect(self._path, timeout=5)) as database:
            database.row_factory = sqlite3.Row
            query = f"SELECT {columns} FROM content {clause}"  # noqa: S608 - columns and clauses are constants
            rows = [dict(row) for row in database.execute(query, values)]
        return [Content(**{**row, "chunks": tuple(json.loads(row["chunks"]))}) for row in rows]

    def _write(self) -> None:
        while True:
            try:
                content = self._queue.get(timeout=_PRUNE_EVERY_S)
            except queue.Empty:
                self._try(self._prune, "old contents")
                continue
            if content is None:
                break
            self._try(partial(self._insert_and_prune, content), f"content of span {content.span_id}")
            self._queue.task_done()
        self._database.close()
        self._queue.task_done()

    def _try(self, write: Callable[[], None], subject: str) -> None:
        try:
            write()
        except Exception:
            self._on_failure()
            _log.warning("%s: could not be written to %s", subject, self._path, exc_info=True)

    def _insert_and_prune(self, content: Content) -> None:
        with self._database:
            self._insert(self._database, content)
        if time.monotonic() >= self._next_prune:
            self._prune()

    def _prune(self) -> None:
        self._next_prune = time.monotonic() + _PRUNE_EVERY_S
        with self._database:
            self._database.execute("DELETE FROM content WHERE unix_time < ?", (time.time() - self._retention_s,))

    @staticmethod
    def _insert(database: sqlite3.Connection, content: Content) -> None:
        row = {**asdict(content), "chunks": json.dumps(list(content.chunks), ensure_ascii=False)}
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        statement = f"INSERT OR REPLACE INTO content ({names}) VALUES ({values})"  # noqa: S608 - columns are constants
        database.execute(statement, row)
