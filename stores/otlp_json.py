"""Reads spans in OTLP's JSON. Jaeger and Tempo write ids in hex or base64, and enumerations as numbers or names."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, Final

from stores.timestamps import from_nanoseconds
from stores.traces import Attributes, Span, SpanEvent, SpanLink, Value

_KINDS: Final = ("", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final = ("unset", "ok", "error")


def spans(data: Any, *, lists_are_text: bool = False) -> list[Span]:
    """Every span of `{"resourceSpans": [...]}`.

    Args:
        data: parsed JSON.
        lists_are_text: the store keeps lists as JSON text. Text that looks like a list of scalars is read as a list.
    """
    reader = _Reader(lists_are_text)
    return [
        reader.span(item, scope, resource)
        for resource in data.get("resourceSpans", ())
        for scope in resource.get("scopeSpans", ())
        for item in scope.get("spans", ())
    ]


class _Reader:
    def __init__(self, lists_are_text: bool) -> None:
        self._lists_are_text = lists_are_text

    def span(self, item: Any, scope: Any, resource: Any) -> Span:
        start, end = int(item.get("startTimeUnixNano", 0)), int(item.get("endTimeUnixNano", 0))
        resource_attributes = self.attributes(resource.get("resource", {}))
        status = item.get("status") or {}
        return Span(
            trace_id=_hex(item["traceId"], 32),
            span_id=_hex(item["spanId"], 16),
            parent_id=_hex(item.get("parentSpanId", ""), 16),
            name=item.get("name", ""),
            service=str(resource_attributes.get("service.name", "")),
            kind=_enumerated(item.get("kind", 0), _KINDS, "SPAN_KIND_"),
            start=from_nanoseconds(start),
            duration_ms=(end - start) / 1e6,
            attributes=self.attributes(item),
            status=_enumerated(status.get("code", 0), _STATUSES, "STATUS_CODE_"),
            error=status.get("message", ""),
            events=tuple(
                SpanEvent(event.get("name", ""), from_nanoseconds(event.get("timeUnixNano", 0)), self.attributes(event))
                for event in item.get("events", ())
            ),
            links=tuple(
                SpanLink(_hex(link["traceId"], 32), _hex(link["spanId"], 16)) for link in item.get("links", ())
            ),
            resource=resource_attributes,
            scope=scope.get("scope", {}).get("name", ""),
        )

    def attributes(self, holder: Any) -> Attributes:
        return {item["key"]: self._value(item.get("value", {})) for item in holder.get("attributes", ())}

    def _value(self, item: Any) -> Value:
        value = _plain(item)
        if self._lists_are_text and "stringValue" in item:
            return list_of_text(value)
        if isinstance(value, dict) or (isinstance(value, list) and not _is_flat(value)):
            return _json(value)
        return "" if value is None else value


def list_of_text(text: str) -> Value:
    """The list of scalars that `text` is the JSON of, else `text`."""
    if not text.startswith("["):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if _is_flat(found) else text


def _is_flat(found: Sequence[Any]) -> bool:
    return all(isinstance(item, str | bool | int | float) for item in found)


def _plain(item: Any) -> Any:
    match item:
        case {"intValue": number}:
            return int(number)
        case {"doubleValue": number}:
            return float(number)
        case {"arrayValue": values}:
            return [_plain(value) for value in values.get("values", ())]
        case {"kvlistValue": values}:
            return {pair["key"]: _plain(pair.get("value", {})) for pair in values.get("values", ())}
    return next(iter(item.values()), None)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _hex(text: str, digits: int) -> str:
    """An id with that many hex digits, from hex or base64."""
    if not text or len(text) == digits:
        return text.lower()
    return base64.b64decode(text).hex().rjust(digits, "0")


def _enumerated(value: int | str, names: Sequence[str], prefix: str) -> str:
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else ""
    name = value.removeprefix(prefix).lower()
    return name if name in names else names[0]
