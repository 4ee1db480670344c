"""Runs the simulated users in a process of their own, so that watching alerts does not slow them down."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from loadtest import LoadFailure
from loadtest.health import GeneratorHealth, SampleFile
from loadtest.traffic import Traffic
from stack.settings import ROOT

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
_STOPS_WITHIN_S: Final = 10.0


class Generator:
    """The load generator (Locust). A context manager: the process ends with the block."""

    def __init__(self, host: str, folder: Path, traffic: Traffic, seed: int | None = None) -> None:
        """Make the `traffic` at `host` (address of the application), with its files in `folder`.

        `seed` is that of the users' random choices; None: another seed each time.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._host = host
        self._traffic_file = folder / "traffic.json"
        self._log = folder / "locust.log"
        self._samples_path = folder / "generator.jsonl"
        self._samples = SampleFile(self._samples_path)
        self._seed = secrets.randbelow(2**31) if seed is None else seed
        self._process: subprocess.Popen[bytes] | None = None
        self._traffic = traffic

    def __enter__(self) -> Generator:
        self._traffic.write(self._traffic_file)
        command = [
            sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless", "--host", self._host,
            "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "5",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "LOADTEST_TRAFFIC": str(self._traffic_file),
            "LOADTEST_SAMPLES": str(self._samples_path),
            "LOADTEST_SEED": str(self._seed),
            "PYTHONPATH": str(ROOT),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def set_traffic(self, traffic: Traffic) -> None:
        """The users follow within half a second."""
        traffic.write(self._traffic_file)

    def check(self) -> None:
        """Read new samples. Raise a LoadFailure with the end of the log if the process has ended."""
        self._samples.read()
        if self._process is not None and self._process.poll() is not None:
            last_lines = self._log.read_text(errors="replace").strip().splitlines()[-5:]
            raise LoadFailure(
                "The load generator ended:\n  " + "\n  ".join(last_lines), f"Read the whole log: {self._log}"
            )

    def health(self, since: float, until: float = float("inf")) -> GeneratorHealth:
        return GeneratorHealth.of([sample for sample in self._samples.samples if since <= sample.time < until])
