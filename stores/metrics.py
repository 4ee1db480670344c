"""The metric store: Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from stores import metric_answers as answers
from stores.connection import ANSWER_WITHIN_S, Connection
from stores.errors import QueryRefused
from stores.metric_answers import Exemplar, Labels, Metadata, Rule, RuleAlert, Sample, Series, Target
from stores.times import period

T = TypeVar("T")


class MetricStore:
    """Asks Prometheus. Times are Unix seconds. Every method raises a StoreError where there is no answer."""

    server = "prometheus"

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def instant(self, query: str, at: float | None = None) -> list[Sample]:
        """The series that `query` gives at one time, by default now; a scalar is one sample without labels."""
        return self._query("query", answers.samples, {"query": query, "time": at})

    def value(self, query: str, at: float | None = None) -> float | None:
        """The one value that `query` gives; None where it gives no series.

        Raises:
            QueryRefused: it gives several.
        """
        found = self.instant(query, at)
        if len(found) > 1:
            raise QueryRefused(self.server, self.url, f"`{query}` gives {len(found)} series where one was expected")
        return found[0].value if found else None

    def points(self, range_selector: str, at: float | None = None) -> list[Series]:
        """The samples themselves, such as those of `llm_requests_total[5m]`, as they were stored."""
        return self._query("query", answers.series, {"query": range_selector, "time": at})

    def range(
        self, query: str, start: float | None = None, end: float | None = None, step_s: float = 15.0
    ) -> list[Series]:
        """`query` at start, start + step, … until end; by default over the last hour."""
        since, until = period(start, end)
        return self._query(
            "query_range", answers.series, {"query": query, "start": since, "end": until, "step": step_s}
        )

    def exemplars(self, query: str, start: float | None = None, end: float | None = None) -> list[Exemplar]:
        """Exemplars of the series that `query` selects, oldest first."""
        since, until = period(start, end)
        return self._query("query_exemplars", answers.exemplars, {"query": query, "start": since, "end": until})

    def label_values(
        self, label: str, match: Sequence[str] = (), start: float | None = None, end: float | None = None
    ) -> list[str]:
        """Values of `label`, sorted; `__name__` gives the metrics. `match` are selectors, one of which must fit."""
        parameters = {"match[]": list(match), "start": start, "end": end}
        return self._get(f"label/{quote(label, safe='')}/values", list, parameters)

    def series(self, match: Sequence[str], start: float | None = None, end: float | None = None) -> list[Labels]:
        """Label sets of the series that fit one of the selectors `match`."""
        return self._query("series", list, {"match[]": list(match), "start": start, "end": end})

    def targets(self) -> list[Target]:
        """What Prometheus scrapes, by job and instance."""
        found = self._get(
            "targets", lambda data: [answers.target(item) for item in data["activeTargets"]], {"state": "active"}
        )
        return sorted(found, key=lambda target: (target.job, target.instance))

    def rules(self) -> list[Rule]:
        """Recording and alerting rules as they are loaded, with their last evaluation."""
        return self._get("rules", answers.rules)

    def alerts(self) -> list[RuleAlert]:
        """Pending and firing alerts."""
        return self._get("alerts", lambda data: [answers.rule_alert(item) for item in data["alerts"]])

    def metadata(self, metric: str = "") -> dict[str, Metadata]:
        """By metric, what scraped targets say of it. Metrics that came by OTLP are not in it."""
        return self._get(
            "metadata",
            lambda data: {
                name: Metadata(kinds[0]["type"], kinds[0]["help"], kinds[0]["unit"]) for name, kinds in data.items()
            },
            {"metric": metric or None},
        )

    def check_ready(self) -> None:
        """Pass if it can be asked; else raise the StoreError that says why not."""
        self._connection.check("/-/ready")

    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._connection.is_ready("/-/ready")

    def _query(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any]) -> T:
        return self._connection.post_form(f"/api/v1/{what}", lambda body: parse(body["data"]), parameters)

    def _get(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any] | None = None) -> T:
        return self._connection.get(f"/api/v1/{what}", lambda body: parse(body["data"]), parameters)
