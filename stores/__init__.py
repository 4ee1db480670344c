"""Clients of the stack's stores. Both profiles give the same types of answers.

    stores = Stores.of(Stack.load())  # stack.stores: the clients of the servers that run
    stores.metrics.value("sum(llm_requests_total)")
    stores.traces.trace(trace_id)
    stores.logs.query(LogFilter(trace_id=trace_id))
    stores.alerts.alerts()

Times are Unix seconds. A store that does not answer raises a StoreError, which names the store and the next step.
"""

from stores.alerts import AlertStore, Matcher
from stores.errors import BadAnswer, QueryRefused, StoreError, StoreNotReady, StoreTimeout, StoreUnreachable
from stores.log_filter import LogFilter
from stores.logs import LogLine, LogStore, Tail
from stores.metrics import MetricStore
from stores.polling import PollTimeout, poll_until
from stores.trace_filter import TraceFilter
from stores.traces import Span, Trace, TraceStore, TraceSummary

__all__ = [
    "AlertStore",
    "BadAnswer",
    "LogFilter",
    "LogLine",
    "LogStore",
    "Matcher",
    "MetricStore",
    "PollTimeout",
    "QueryRefused",
    "Span",
    "StoreError",
    "StoreNotReady",
    "StoreTimeout",
    "StoreUnreachable",
    "Tail",
    "Trace",
    "TraceFilter",
    "TraceStore",
    "TraceSummary",
    "poll_until",
]
