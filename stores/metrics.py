"""Metrics, rules and alerts in Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from stores import metric_results as results
from stores.connection import StoreClient
from stores.errors import QueryRefused
from stores.metric_results import Exemplar, Rule, RuleAlert, Sample, Series
from stores.timestamps import resolve_period

T = TypeVar("T")


class MetricStore(StoreClient):
    """Asks Prometheus. Times are Unix seconds. Every method raises a StoreError when there is no answer."""

    server = "prometheus"
    ready_path = "/-/ready"

    def instant(self, query: str, at: float | None = None) -> list[Sample]:
        """The result of `query` at one time, by default now; a scalar is one sample without labels."""
        return self._query("query", results.samples, {"query": query, "time": at})

    def value(self, query: str, at: float | None = None) -> float | None:
        """The value of a query with one result; None if there is no result.

        Raises:
            QueryRefused: there are several results.
        """
        found = self.instant(query, at)
        if len(found) > 1:
            raise QueryRefused(self.server, self.url, f"`{query}` gives {len(found)} series where one was expected")
        return found[0].value if found else None

    def points(self, range_selector: str, at: float | None = None) -> list[Series]:
        """The stored samples of a range selector, such as `llm_requests_total[5m]`."""
        return self._query("query", results.series, {"query": range_selector, "time": at})

    def range(
        self, query: str, start: float | None = None, end: float | None = None, step_s: float = 15.0
    ) -> list[Series]:
        """The result of `query` at start, start + step, … up to end; by default over the last hour."""
        since, until = resolve_period(start, end)
        return self._query(
            "query_range", results.series, {"query": query, "start": since, "end": until, "step": step_s}
        )

    def exemplars(self, query: str, start: float | None = None, end: float | None = None) -> list[Exemplar]:
        since, until = resolve_period(start, end)
        return self._query("query_exemplars", results.exemplars, {"query": query, "start": since, "end": until})

    def label_values(
        self, label: str, match: Sequence[str] = (), start: float | None = None, end: float | None = None
    ) -> list[str]:
        """Values of `label` in series that one of the selectors `match` selects, sorted."""
        parameters = {"match[]": list(match), "start": start, "end": end}
        return self._get(f"label/{quote(label, safe='')}/values", list, parameters)

    def rules(self) -> list[Rule]:
        return self._get("rules", results.rules)

    def alerts(self) -> list[RuleAlert]:
        return self._get("alerts", lambda data: [results.rule_alert(item) for item in data["alerts"]])

    def _query(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any]) -> T:
        return self._connection.post_form(f"/api/v1/{what}", lambda body: parse(body["data"]), parameters)

    def _get(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any] | None = None) -> T:
        return self._connection.get(f"/api/v1/{what}", lambda body: parse(body["data"]), parameters)
