"""PromQL of panels: the rules' vocabulary, and the dashboard's variables applied wherever a series has their label.

`%(REQUESTS.where)s` is `service=~"$service", endpoint=~"$endpoint", …` for the labels that llm_requests_total
has by contract, so a panel cannot forget a variable or ask for a label that is not there; a record has the
labels of its level. `%(REQUESTS.scoped)s` is the name with these in braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from dashboards_src import config, promql, records
from llm_telemetry import names

RATE: Final = "[$__rate_interval]"
RANGE: Final = "[$__range]"
A_MINUTE: Final = "* 60"  # of something per second
AN_HOUR: Final = "* 3600"


def where(labels: Iterable[str]) -> str:
    """Matchers of the dashboard's variables for a series with these labels."""
    return ", ".join(f'{name}=~"${name}"' for name in config.VARIABLES if name in labels)


def labels_of(metric: names.Metric) -> tuple[str, ...]:
    """All labels of a metric that a variable may be about."""
    return (names.SERVICE_LABEL, *metric.labels)


def levels_of(record_name: str) -> tuple[str, ...]:
    """The labels that a record's name says it has: level:metric:operations."""
    return tuple(record_name.partition(":")[0].split("_"))


@cache
def vocabulary() -> dict[str, str]:
    """What a panel's query may name."""
    known = dict(records.vocabulary("production"))
    labelled = {key: labels_of(value) for key, value in vars(names).items() if isinstance(value, names.Metric)}
    labelled |= {key: levels_of(known[key]) for key in records.NAMED}
    for key, labels in labelled.items():
        matchers = where(labels)
        known[f"{key}.where"] = matchers
        known[f"{key}.scoped"] = f"{known[key]}{{{matchers}}}" if matchers else known[key]
    return known


def query(template: str) -> str:
    """A panel's query on one line, with its names filled in."""
    filled = promql.fill(template, vocabulary())
    filled = re.sub(r"\s+", " ", filled)
    return re.sub(r"\( | \)", lambda match: match[0].strip(), filled)


# --- What panels ask again and again ------------------------------------------------------------------


def per_second(key: str, by: str, more: str = "") -> str:
    """Rate of a counter, summed up by labels; `more` are further matchers."""
    return f"sum by ({by}) (rate({_series(key, '', more)}{RATE}))"


def share(key: str, by: str, part: str) -> str:
    """Which share of a counter has the matchers `part`: 0, not absent, where none has; nothing without traffic."""
    whole = per_second(key, by)
    return f"({per_second(key, by, part)} or {whole} * 0) / ({whole} > 0)"


def quantile(q: float, key: str, by: str = "") -> str:
    """A quantile of a histogram: buckets are summed up first."""
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({q:g}, sum by ({labels}) (rate({_series(key, '_bucket', '')}{RATE})))"


def mean_score(metric: str, by: str) -> str:
    """Mean of evaluation scores over the alert's window: scores are few, so not over $__rate_interval."""
    which = f'metric="%({metric})s"'
    total = f"sum by ({by}) (increase({_series('EVAL_SCORE', '_sum', which)}[%(HOUR)s]))"
    return f"{total} / (sum by ({by}) (increase({_series('EVAL_SCORE', '_count', which)}[%(HOUR)s])) > 0)"


def over_history(key: str, window: str, by: str = "") -> str:
    """What a record of the history adds up to over a window, every event once (see records.over_history)."""
    return f"sum {f'by ({by}) ' if by else ''}(sum_over_time(%({key}.scoped)s[{window}:%(HISTORY)s]))"


def _series(key: str, suffix: str, more: str) -> str:
    matchers = f"%({key}.where)s" + (f", {more}" if more else "")
    return f"%({key})s{suffix}{{{matchers}}}"
