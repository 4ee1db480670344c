"""The content store keeps contents for their owner only, deletes old ones, and never delays or raises."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from recorded_telemetry import CALLER, ENDPOINT, Recorded

import llm_telemetry as lt
from llm_telemetry.content_store import Content, ContentStore

DAY = 86_400.0


def content(number: int = 1, **changes: Any) -> Content:
    fields: dict[str, Any] = {
        "span_id": f"{number:016x}",
        "trace_id": f"{number:032x}",
        "endpoint": ENDPOINT,
        "question": "Wie setze ich es zurück?",
        "answer": "Hold it.",
        "chunks": ("one", "zwei ü"),
    }
    return Content(**{**fields, **changes})


def test_recorded_content_is_read_back(recorded: Recorded, tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "content.sqlite"
    made = recorded.configure(content_store=file)
    assert made.content
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o") as generation:
        with lt.observe_llm_call("gpt-4o-mini"):
            pass
        lt.record_content(generation, "How?", "So.", ["one", "two"])
    made.content.flush()
    (kept,) = made.content.since(0)
    line = recorded.line()
    assert kept == Content(
        span_id=line["span_id"], trace_id=line["trace_id"], endpoint=ENDPOINT, question="How?", answer="So.",
        chunks=("one", "two"), tenant_id="acme", model="gpt-4o-mini", prompt_version="v7", unix_time=kept.unix_time,
    )  # fmt: skip
    assert made.content.of_trace(line["trace_id"]) == [kept]
    assert made.content.of_trace("0" * 32) == []
    assert made.content.since(kept.unix_time + 1) == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_the_owner_can_read_a_file_that_existed_before(tmp_path: Path) -> None:
    file = tmp_path / "content.sqlite"
    file.touch(0o644)
    store = ContentStore(file)
    store.add(content())
    store.flush()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    store.close()


def test_the_environment_switches_the_store_on(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_TELEMETRY_CONTENT_STORE", str(tmp_path / "content.sqlite"))
    first = recorded.configure().content
    assert first
    second = recorded.configure().content  # closes the first
    assert second
    assert not first._writer.is_alive()


def test_contents_are_kept_in_order_and_once_per_span(tmp_path: Path) -> None:
    store = ContentStore(tmp_path / "c")
    now = time.time()
    for number in (3, 1, 2):
        store.add(content(number, unix_time=now + number))
    store.add(content(2, unix_time=now + 2, answer="again"))
    store.flush()
    assert [(kept.span_id[-1], kept.answer) for kept in store.since(now)] == [
        ("1", "Hold it."), ("2", "again"), ("3", "Hold it."),
    ]  # fmt: skip
    assert len(store.since(now, limit=2)) == 2
    store.close()


def test_old_contents_are_deleted(tmp_path: Path) -> None:
    file = tmp_path / "c"
    store = ContentStore(file, retention_days=2)
    store.add(content(1, unix_time=time.time() - 2 * DAY - 60))
    store.add(content(2, unix_time=time.time() - 2 * DAY + 60))
    store.close()
    again = ContentStore(file, retention_days=2)  # also without new contents
    again.flush()
    assert [kept.span_id[-1] for kept in again.since(0)] == ["2"]
    again.close()


def test_close_writes_the_queue_and_drops_later_contents(tmp_path: Path) -> None:
    failures: list[int] = []
    store = ContentStore(tmp_path / "c", on_failure=lambda: failures.append(1))
    for number in range(100):
        store.add(content(number))
    store.close()
    assert len(store.since(0)) == 100
    store.add(content(101))
    store.flush()  # does not wait for a writer that is gone
    store.close()
    assert failures == [1]
    assert len(store.since(0)) == 100


def test_a_slow_disk_drops_contents_and_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_telemetry.content_store._QUEUE_LIMIT", 2)
    go, began = threading.Event(), threading.Event()
    insert = ContentStore._insert

    def slow(database: sqlite3.Connection, kept: Content) -> None:
        began.set()
        go.wait()
        insert(database, kept)

    monkeypatch.setattr(ContentStore, "_insert", staticmethod(slow))
    failures: list[int] = []
    store = ContentStore(tmp_path / "c", on_failure=lambda: failures.append(1))
    store.add(content(1))
    began.wait()
    for number in (2, 3, 4, 5):
        store.add(content(number))
    assert len(failures) == 2
    go.set()
    store.close()
    assert len(store.since(0)) == 3


def test_a_failing_disk_is_counted_and_logged_without_content(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def full(database: sqlite3.Connection, kept: Content) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ContentStore, "_insert", staticmethod(full))
    made = recorded.configure(content_store=tmp_path / "c")
    with lt.observe_generation("gpt-4o", endpoint=ENDPOINT) as generation:
        lt.record_content(generation, "SECRET QUESTION", "So.")
    assert made.content
    made.content.flush()
    assert recorded.value("llm_telemetry_failures_total", signal="content") == 1
    assert generation.span_id
    assert generation.span_id in caplog.text
    assert "SECRET" not in caplog.text


def test_a_store_that_cannot_be_opened_is_counted_and_off(
    recorded: Recorded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no database, but long enough to be looked at as one " * 50)
    made = recorded.configure(content_store=tmp_path / "file")
    assert made.content is None
    assert "contents are not kept" in caplog.text
    assert recorded.value("llm_telemetry_failures_total", signal="content") == 1
    with lt.observe_generation("gpt-4o", endpoint=ENDPOINT) as generation:
        lt.record_content(generation, "How?", "So.")


def test_an_idle_store_deletes_old_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pruned = threading.Event()
    monkeypatch.setattr("llm_telemetry.content_store._PRUNE_EVERY_S", 0.001)
    store = ContentStore(tmp_path / "c")
    monkeypatch.setattr(store, "_prune", pruned.set)
    assert pruned.wait(10)
    store.close()


def test_without_a_writer_thread_contents_are_dropped_and_flush_returns(tmp_path: Path) -> None:
    """After a fork the writer thread does not exist, which looks like a thread that has ended."""
    failures: list[int] = []
    store = ContentStore(tmp_path / "c", on_failure=lambda: failures.append(1))
    store.close()
    store.add(content())
    store.flush()
    assert failures == [1]
