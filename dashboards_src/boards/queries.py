"""PromQL of panels: the templates of the rules, and the dashboard's variables on every series that has their label.

`%(REQUESTS.matchers)s` is `service=~"$service", endpoint=~"$endpoint", …` for the labels that llm_requests_total has
by contract, so no panel can forget a variable or use a label that does not exist. A record has the labels of its
level. `%(REQUESTS.filtered)s` is the metric with these matchers in braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from dashboards_src import config, promql, records
from llm_telemetry import names

Json = dict[str, Any]

PROMETHEUS: Final = {"type": "prometheus", "uid": "prometheus"}  # data source in grafana/provisioning
RATE_INTERVAL: Final = "[$__rate_interval]"
PER_MINUTE: Final = "* 60"  # of a rate per second
PER_HOUR: Final = "* 3600"


def matchers(labels: Iterable[str]) -> str:
    """Matchers of the dashboard's variables, for a series with these labels."""
    return ", ".join(f'{name}=~"${name}"' for name in config.VARIABLES if name in labels)


def metric_labels(metric: names.Metric) -> tuple[str, ...]:
    return (names.SERVICE_LABEL, *metric.labels)


def record_labels(record_name: str) -> tuple[str, ...]:
    """The labels in a record's name, which is level:metric:operations."""
    return tuple(record_name.partition(":")[0].split("_"))


@cache
def template_values() -> dict[str, str]:
    values = dict(records.template_values("production"))
    labels_by_key = {key: metric_labels(value) for key, value in vars(names).items() if isinstance(value, names.Metric)}
    labels_by_key |= {key: record_labels(values[key]) for key in records.BY_CONSTANT}
    for key, labels in labels_by_key.items():
        matched = matchers(labels)
        values[f"{key}.matchers"] = matched
        values[f"{key}.filtered"] = f"{values[key]}{{{matched}}}" if matched else values[key]
    return values


def render(template: str) -> str:
    """The PromQL of a template, on one line."""
    text = promql.render(template, template_values())
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\( | \)", lambda match: match[0].strip(), text)


@dataclass(frozen=True)
class PrometheusQuery:
    """A query of Prometheus. `expr` is a template (see `render`)."""

    expr: str
    legend: str = ""
    exemplars: bool = False
    instant: bool = False
    table: bool = False

    def target(self, ref: str) -> Json:
        return {
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "exemplar": self.exemplars,
            "expr": render(self.expr),
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": ref,
        }


# --- Expressions that several panels use ----------------------------------------------------------------


def rate(key: str, by: str, more: str = "") -> str:
    """Rate of a counter per second, summed by labels; `more` are further matchers."""
    return f"sum by ({by}) (rate({_series(key, '', more)}{RATE_INTERVAL}))"


def ratio(key: str, by: str, part: str) -> str:
    """The share of a counter that matches `part`. 0 where no series matches, no value without traffic."""
    whole = rate(key, by)
    return f"({rate(key, by, part)} or {whole} * 0) / ({whole} > 0)"


def quantile(q: float, key: str, by: str = "") -> str:
    """A quantile of a histogram over all processes: the sum of their buckets comes first."""
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({q:g}, sum by ({labels}) (rate({_series(key, '_bucket', '')}{RATE_INTERVAL})))"


def mean_score(metric: str, by: str) -> str:
    """Mean evaluation score over the alert's window. There are too few scores for $__rate_interval."""
    matcher = f'metric="%({metric})s"'
    total = f"sum by ({by}) (increase({_series('EVAL_SCORE', '_sum', matcher)}[%(HOUR)s]))"
    return f"{total} / (sum by ({by}) (increase({_series('EVAL_SCORE', '_count', matcher)}[%(HOUR)s])) > 0)"


def over_history(key: str, window: str, by: str = "") -> str:
    """The sum of a history record over a window. The step makes every event count once."""
    return f"sum {f'by ({by}) ' if by else ''}(sum_over_time(%({key}.filtered)s[{window}:%(HISTORY)s]))"


def _series(key: str, suffix: str, more: str) -> str:
    all_matchers = f"%({key}.matchers)s" + (f", {more}" if more else "")
    return f"%({key})s{suffix}{{{all_matchers}}}"
