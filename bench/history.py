"""Gives a young stack some hours of history, so that what is measured over hours is measured on hours of data.

What Prometheus recorded in the last minutes is repeated backwards, and written as blocks with promtool.
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

REPEATED_S = 150  # of what there is, that is repeated
_SEEN_WITHIN_S = 180.0  # Prometheus looks for new blocks every minute
_COUNTERS = ("_total", "_bucket", "_count", "_sum")


def write_history(stack: Stack, prometheus: MetricStore, names: Collection[str], until: float, hours: float) -> int:
    """Write `hours` before `until` (Unix s, before the stack's first sample) of these metrics; how many series."""
    found = [series for name in sorted(names) for series in prometheus.points(f"{name}[{REPEATED_S}s]")]
    whole = [series for series in found if len(series.points) > 2]
    file = stack.state / "history.txt"
    with file.open("w") as out:
        for series in whole:
            out.writelines(_lines(series, until - hours * 3600, until))
        out.write("# EOF\n")
    blocks = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", file, stack.data("prometheus")]
    subprocess.run([tool("promtool"), *blocks], check=True)  # noqa: S603
    file.unlink()
    query = f"count({whole[0].labels['__name__']})"
    poll_until(lambda: prometheus.value(query, time.time() - (hours - 1) * 3600), timeout_s=_SEEN_WITHIN_S)
    return len(whole)


def _lines(series: Series, start: float, end: float) -> Iterator[str]:
    """OpenMetrics, a sample per scrape."""
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
