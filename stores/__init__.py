"""Clients of the stack's stores: the same answers whichever servers run.

    MetricStore("http://127.0.0.1:9090").value("sum(llm_requests_total)")
    Jaeger("http://127.0.0.1:16686").trace(trace_id)
    VictoriaLogs("http://127.0.0.1:9428").query(LogFilter(trace_id=trace_id))
    AlertStore("http://127.0.0.1:9093").alerts()

`stack.stores.Stores` has the four of a running stack.

Times are Unix seconds. Whatever does not answer raises a StoreError, which says where and what to do.
"""

from stores.alerts import AlertStore, Matcher
from stores.errors import BadAnswer, QueryRefused, StoreError, StoreNotReady, StoreTimeout, StoreUnreachable
from stores.log_filter import LogFilter
from stores.logs import LogLine, LogStore, Tail, follow
from stores.metrics import MetricStore
from stores.polling import NotInTime, poll_until
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
    "NotInTime",
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
    "follow",
    "poll_until",
]
