"""A dashboard's variables: their options, their selected values, and how values are filled into queries and links."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from console.address import Address
from console.dashboards.model import Dashboard, Json
from console.dashboards.queries import Query
from console.times import TimeSpan

ALL: Final = "$__all"
ALL_TEXT: Final = "All"
LABEL_VALUES: Final = re.compile(r"\s*label_values\(\s*(?:(?P<selector>.+),)?\s*(?P<label>[a-zA-Z_]\w*)\s*\)\s*", re.S)
_MINUTE: Final = 60.0
_REFERENCE: Final = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}")  # $name, ${name}, ${name:format}


@dataclass(frozen=True)
class Variable:
    """A query variable, which selects several values or All, or a constant."""

    name: str
    label: str
    type: str
    json: Json
    selected: tuple[str, ...]  # (ALL,) for all values
    options: tuple[str, ...] = ()  # without All; empty until the query has run

    @property
    def is_constant(self) -> bool:
        """A constant is hidden, and in no address."""
        return self.type == "constant"

    @property
    def is_all(self) -> bool:
        return self.selected == (ALL,)

    @property
    def all_value(self) -> str:
        return str(self.json.get("allValue") or ".*")

    @property
    def text(self) -> str:
        return ALL_TEXT if self.is_all else " + ".join(self.selected)

    @property
    def query(self) -> str:
        query = self.json.get("query")
        return str(query.get("query", "") if isinstance(query, Mapping) else query or "")


def variables_of(dashboard: Dashboard, address: Address) -> list[Variable]:
    """The variables with the values that the address selects, or else the dashboard's own values."""
    return [_variable(json, address.values(f"var-{json['name']}")) for json in dashboard.variables]


def _variable(json: Json, in_address: Sequence[str]) -> Variable:
    name, kind = str(json["name"]), str(json.get("type", ""))
    if kind == "constant":  # as in Grafana, the address cannot change a constant
        return Variable(name, name, kind, json, (str(json.get("query") or ""),))
    current = (json.get("current") or {}).get("value")
    default = [current] if isinstance(current, str) else [str(one) for one in current or ()]
    values = [ALL if value == ALL_TEXT else value for value in in_address or default]
    selected = (ALL,) if ALL in values or not values else tuple(values)
    return Variable(name, str(json.get("label") or name), kind, json, selected)


def options_query(variable: Variable, span: TimeSpan, others: Sequence[Variable]) -> Query | None:
    """The query for the options of a variable; None for a constant. It may refer to `others`.

    Raises:
        ValueError: the console does not know this kind of variable.
    """
    if variable.is_constant:
        return None
    if variable.type != "query":
        raise ValueError(f"The console knows query variables and constants only, not {variable.type!r}.")
    match = LABEL_VALUES.fullmatch(interpolate_query(variable.query, others))
    if match is None:
        raise ValueError(f"The console knows variables of label_values(…) only, not {variable.query!r}.")
    text = json.dumps([match["label"], (match["selector"] or "").strip()])
    # Whole minutes: options do not change within seconds, and pages with equal queries share the result.
    return Query("values", text, span.start // _MINUTE * _MINUTE, -(-span.end // _MINUTE) * _MINUTE)


def with_options(variable: Variable, options: Sequence[str]) -> Variable:
    return replace(variable, options=tuple(sorted(options)))


def url_parameters(variables: Iterable[Variable]) -> dict[str, Sequence[str]]:
    return {f"var-{one.name}": one.selected for one in variables if not one.is_constant}


# --- Interpolation ------------------------------------------------------------------------------------------


def interpolate_query(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """PromQL, LogQL or LogsQL with variables and macros filled in. Values become regular expressions inside quotes."""
    return _interpolate(text, variables, macros or {}, _for_query)


def interpolate_text(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """A title or link with variables and macros filled in. `${name:queryparam}` becomes parameters of an address."""
    return _interpolate(text, variables, macros or {}, lambda variable: variable.text)


def _interpolate(
    text: str, variables: Iterable[Variable], macros: Mapping[str, str], value_of: Callable[[Variable], str]
) -> str:
    """Unknown names stay as they are."""
    known = {one.name: one for one in variables}

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name in macros:
            return macros[name]
        if name not in known:
            return match[0]
        return _query_parameters(known[name]) if match[3] == "queryparam" else value_of(known[name])

    return _REFERENCE.sub(fill, text)


def _for_query(variable: Variable) -> str:
    if variable.is_constant:
        return variable.text
    if variable.is_all:
        return variable.all_value
    values = [_escaped(value) for value in variable.selected]
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _escaped(value: str) -> str:
    """Escaped for a regular expression (RE2), and then for the double quotes around it."""
    regex = re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", value)
    return regex.replace("\\", "\\\\").replace('"', '\\"')


def _query_parameters(variable: Variable) -> str:
    return "&".join(f"var-{quote(variable.name)}={quote(value, safe='')}" for value in variable.selected)
