"""The rendered configuration, amtool, and a real Alertmanager on a free port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import dashboards_src
from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import Scale
from stack.build import binary, tool
from stack.render import TIMINGS
from stack.servers import SERVERS
from stores import AlertStore, poll_until

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = Path(dashboards_src.__file__).resolve().parent.parent
TEMPLATES = str(ROOT / "alertmanager" / "templates" / "*.tmpl")
DEFAULTS = {
    "sink_url": "http://127.0.0.1:9095",
    "sink_page": "http://localhost:9095",
    "webhook_url": "",
    "slack_webhook_file": "",
    "slack_channel": "",
    "templates": TEMPLATES,
    "timing": TIMINGS["production"],
}
REHEARSAL = {"timing": TIMINGS["rehearsal"]}


def rendered(**changes: Any) -> str:
    """alertmanager.yml, with these variables changed."""
    templates = Environment(
        loader=FileSystemLoader(ROOT), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return templates.get_template("alertmanager/alertmanager.yml.j2").render({**DEFAULTS, **changes})


def amtool(*arguments: str | Path) -> str:
    """The output of amtool: $AMTOOL, else the amtool that lite builds."""
    program = os.environ.get("AMTOOL") or str(tool("amtool"))
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rendered_message(template: str, data: Mapping[str, Any], folder: Path) -> str:
    """A notification, rendered by one of our templates."""
    file = folder / "data.json"
    file.write_text(json.dumps(data))
    text = "{{ template " + json.dumps(template) + " . }}"
    return amtool(
        "template", "render", f"--template.glob={TEMPLATES}", f"--template.text={text}", f"--template.data={file}"
    ).removesuffix("\n")


def rules_alerts(scale: Scale) -> list[dict[str, Any]]:
    """Every alert of the generated rules."""
    files = sorted((RULES / FOLDERS[scale]).glob("*.yaml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running_alertmanager(folder: Path, config: str) -> Iterator[AlertStore]:
    """Alertmanager as lite starts it, with this configuration."""
    (server,) = (one for one in SERVERS if one.name == "alertmanager")
    assert server.build is not None
    program = os.environ.get("ALERTMANAGER") or str(binary(server.name, server.build))
    port = free_port()
    (folder / "alertmanager.yml").write_text(config)
    with (folder / "alertmanager.log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                "--data.retention=2400h",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
        store = AlertStore(f"http://127.0.0.1:{port}")
        try:
            poll_until(store.ready, timeout_s=15, every_s=0.05)
            yield store
        finally:
            stop(process)


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process of ours, by its id."""
    process.terminate()
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
