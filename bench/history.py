"""Writes hours of history for a stack that has just started: the samples of its first minutes, repeated backwards.

promtool turns them into blocks of Prometheus' database.
"""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Collection, Iterator

from stack.build import tool
from stack.settings import Stack
from stores import MetricStore, poll_until
from stores.metric_results import Series

REPEATED_S = 150  # length of the samples that are repeated
_LOADED_WITHIN_S = 180.0  # Prometheus looks for new blocks every minute
_COUNTERS = ("_total", "_bucket", "_count", "_sum")


def write_history(stack: Stack, prometheus: MetricStore, names: Collection[str], until: float, hours: float) -> int:
    """Write these metrics for the `hours` before `until` (Unix s, before the stack's first sample).

    Returns the number of series.
    """
    found = [series for name in sorted(names) for series in prometheus.points(f"{name}[{REPEATED_S}s]")]
    complete = [series for series in found if len(series.points) > 2]
    file = stack.state / "history.txt"
    with file.open("w") as out:
        for series in complete:
            out.writelines(_lines(series, until - hours * 3600, until))
        out.write("# EOF\n")
    blocks = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", file, stack.data("prometheus")]
    subprocess.run([tool("promtool"), *blocks], check=True)  # noqa: S603
    file.unlink()
    query = f"count({complete[0].labels['__name__']})"
    poll_until(lambda: prometheus.value(query, time.time() - (hours - 1) * 3600), timeout_s=_LOADED_WITHIN_S)
    return len(complete)


def _lines(series: Series, start: float, end: float) -> Iterator[str]:
    """OpenMetrics text, one sample per scrape."""
    name = series.labels["__name__"]
    labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in series.labels.items() if key != "__name__")
    times, values = zip(*series.points, strict=True)
    step = (times[-1] - times[0]) / (len(times) - 1)
    if name.endswith(_COUNTERS):
        growth = (max(0.0, after - before) for before, after in itertools.pairwise(values))
        repeated: Iterator[float] = itertools.accumulate(itertools.cycle(growth))
    else:
        repeated = itertools.cycle(values)
    for at in range(int((end - start) / step)):
        yield f"{name}{{{labels}}} {next(repeated)} {start + at * step:.3f}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
