"""Runs VictoriaLogs and restores log records that a killed VictoriaLogs had acknowledged but not written.

    python -m stack.recover_logs --journal=FOLDER --logs-url=URL --otlp-url=URL -- victoria-logs …

VictoriaLogs keeps acknowledged records in memory for a second or more. After each start a second process
compares the collector's journal of the last minutes (otel-collector/logs-journal.yaml) with the store and
sends missing records through the collector again. Records in the collector's queue arrive without its help,
so it first waits until no more arrive. A second run changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

LOOK_BACK_S = 300  # of the journal; after a longer outage the collector's queue still has the records
READY_WITHIN_S = 60.0
LOOK_EVERY_S = 2.0
QUIET_S = 12.0  # without a new record; longer than the collector's pause between retries (max_interval)
BATCH = 1_000
TIMEOUT_S = 30

Key = tuple[int, str, str]  # Unix ns, trace id, span id


def recover(journal: Path, logs_url: str, otlp_url: str, token: str = "") -> int:
    """Send records of the journal that the store does not have; return their number.

    Raises:
        requests.RequestException: the store or the collector does not answer.
    """
    since_ns = time.time_ns() - LOOK_BACK_S * 10**9
    missing = dict(_journal(journal, since_ns))
    quiet_since = time.monotonic()
    while missing and time.monotonic() - quiet_since < QUIET_S:
        stored = _stored(logs_url, since_ns)
        still_missing = {key: record for key, record in missing.items() if key not in stored}
        if len(still_missing) < len(missing):
            missing, quiet_since = still_missing, time.monotonic()
        time.sleep(LOOK_EVERY_S)
    records = list(missing.values())
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for start in range(0, len(records), BATCH):
        body = {"resourceLogs": records[start : start + BATCH]}
        requests.post(f"{otlp_url}/v1/logs", json=body, headers=headers, timeout=TIMEOUT_S).raise_for_status()
    return len(records)


def _journal(folder: Path, since_ns: int) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every newer record, as a request of its own with its resource and scope."""
    for path in folder.glob("logs*.jsonl"):
        if path.stat().st_mtime_ns < since_ns:
            continue
        for line in path.read_text().splitlines():
            try:
                request = json.loads(line)
            except ValueError:
                continue  # the last line, if the collector was killed while it wrote
            for resource in request["resourceLogs"]:
                for scope in resource["scopeLogs"]:
                    for record in scope["logRecords"]:
                        ns = int(record.get("timeUnixNano") or record.get("observedTimeUnixNano") or 0)
                        if ns >= since_ns:
                            key = (ns, record.get("traceId", ""), record.get("spanId", ""))
                            yield key, resource | {"scopeLogs": [scope | {"logRecords": [record]}]}


def _stored(logs_url: str, since_ns: int) -> set[Key]:
    since = datetime.fromtimestamp(since_ns // 10**9 - 1, UTC)
    query = f"_time:>={since:%Y-%m-%dT%H:%M:%SZ} | fields _time, trace_id, span_id"
    with requests.post(
        f"{logs_url}/select/logsql/query", data={"query": query}, timeout=TIMEOUT_S, stream=True
    ) as answer:
        answer.raise_for_status()
        rows = [json.loads(line) for line in answer.iter_lines() if line]
    return {(_nanoseconds(row["_time"]), row.get("trace_id", ""), row.get("span_id", "")) for row in rows}


def _nanoseconds(rfc3339: str) -> int:
    seconds, _, fraction = rfc3339.rstrip("Z").partition(".")
    whole = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    return int(whole.timestamp()) * 10**9 + int(fraction.ljust(9, "0") or 0)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/health", timeout=TIMEOUT_S).ok:
                return
        except requests.RequestException:
            time.sleep(LOOK_EVERY_S)


def _recover_beside(options: argparse.Namespace) -> None:
    """Recover in a child process: this process becomes the server, so that the supervisor can stop it."""
    if os.fork():
        return
    try:
        _wait_for(options.logs_url)
        count = recover(options.journal, options.logs_url, options.otlp_url, os.environ.get("OTLP_TOKEN", ""))
        if count:
            print(f"restored {count} log records from the collector's journal", flush=True)
    except Exception as error:
        print(f"could not restore log records from the collector's journal: {error}", flush=True)
    finally:
        os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--logs-url", required=True)
    parser.add_argument("--otlp-url", required=True)
    parser.add_argument("server", nargs="+")
    options = parser.parse_args()
    if options.journal.is_dir():
        _recover_beside(options)
    os.execv(options.server[0], options.server)  # noqa: S606 - our own command line


if __name__ == "__main__":
    main()
