"""A dashboard's variables: what may be chosen, what is, and how it is written into a query, a link, a filter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from console.address import Address
from console.dashboards.model import Dashboard, Json
from console.dashboards.questions import Question
from console.times import Span

ALL: Final = "$__all"
ALL_TEXT: Final = "All"
_MINUTE: Final = 60.0
_LABEL_VALUES: Final = re.compile(r"\s*label_values\(\s*(?:(?P<selector>.+),)?\s*(?P<label>[a-zA-Z_]\w*)\s*\)\s*", re.S)
_USED: Final = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}")  # $name, ${name}, ${name:format}


@dataclass(frozen=True)
class Variable:
    """One variable and what is chosen for it."""

    name: str
    label: str
    type: str
    json: Json
    chosen: tuple[str, ...]  # ALL for everything
    options: tuple[str, ...] = ()  # what may be chosen, without All; known once it was asked for

    @property
    def hidden(self) -> bool:
        """Not shown on the page."""
        return self.type == "constant"

    @property
    def is_all(self) -> bool:
        """Whether everything is chosen."""
        return self.chosen == (ALL,)

    @property
    def all_value(self) -> str:
        """The regular expression that stands for everything in a query."""
        return str(self.json.get("allValue") or ".*")

    @property
    def about(self) -> str:
        """What is chosen, as a person reads it."""
        return ALL_TEXT if self.is_all else " + ".join(self.chosen) or "nothing"

    @property
    def query(self) -> str:
        """Where the options come from."""
        query = self.json.get("query")
        return str(query.get("query", "") if isinstance(query, Mapping) else query or "")


def chosen(board: Dashboard, address: Address) -> list[Variable]:
    """The variables as the address chooses them, else as the dashboard does."""
    return [_variable(json, address.values(f"var-{json['name']}")) for json in board.variables]


def _variable(json: Json, asked: Sequence[str]) -> Variable:
    name, kind = str(json["name"]), str(json.get("type", ""))
    if kind == "constant":  # as in Grafana, the address cannot change a constant
        return Variable(name, name, kind, json, (str(json.get("query") or ""),))
    current = (json.get("current") or {}).get("value")
    default = [current] if isinstance(current, str) else [str(one) for one in current or ()]
    values = [ALL if value == ALL_TEXT else value for value in asked or default]
    return Variable(
        name, str(json.get("label") or name), kind, json, (ALL,) if ALL in values else tuple(values) or (ALL,)
    )


def question(variable: Variable, span: Span, others: Sequence[Variable]) -> Question | None:
    """What is asked for what may be chosen; None where nothing needs to be.

    Raises:
        ValueError: the variable is of a kind that the console does not know.
    """
    if variable.type == "constant":
        return None
    if variable.type != "query":
        raise ValueError(f"the console knows query variables and constants only, not {variable.type!r}")
    match = _LABEL_VALUES.fullmatch(written(variable.query, others))
    if match is None:
        raise ValueError(f"the console knows variables of label_values(…) only, not {variable.query!r}")
    text = json.dumps([match["label"], (match["selector"] or "").strip()])
    # In whole minutes: what may be chosen does not hang on seconds, and pages that ask the same share the answer.
    return Question("values", text, span.start // _MINUTE * _MINUTE, -(-span.end // _MINUTE) * _MINUTE)


def with_options(variable: Variable, found: Sequence[str]) -> Variable:
    """The variable with the values that were found for it."""
    return replace(variable, options=tuple(sorted(found)))


def parameters(variables: Iterable[Variable]) -> dict[str, Sequence[str]]:
    """For an address."""
    return {f"var-{one.name}": one.chosen for one in variables if one.type != "constant"}


# --- Written into texts -----------------------------------------------------------------------------------


def written(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """PromQL, LogQL or LogsQL with values as regular expressions inside quotes. What nobody knows stays as it is."""
    return _filled(text, variables, macros or {}, _regex_in_quotes)


def written_plain(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """Titles and links: values as a person reads them, or as a format asks for them."""
    return _filled(text, variables, macros or {}, lambda one: one.about)


def _filled(
    text: str, variables: Iterable[Variable], macros: Mapping[str, str], default: Callable[[Variable], str]
) -> str:
    known = {one.name: one for one in variables}

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name in macros:
            return macros[name]
        if name not in known:
            return match[0]
        return _query_parameters(known[name]) if match[3] == "queryparam" else default(known[name])

    return _USED.sub(fill, text)


def _regex_in_quotes(variable: Variable) -> str:
    """Any of the values, for a regular expression that stands in double quotes."""
    if variable.is_all:
        return variable.all_value
    values = [_escaped(value) for value in variable.chosen]
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _escaped(value: str) -> str:
    """For RE2, and then for the quotes around it."""
    regex = re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", value)
    return regex.replace("\\", "\\\\").replace('"', '\\"')


def _query_parameters(variable: Variable) -> str:
    return "&".join(f"var-{quote(variable.name)}={quote(value, safe='')}" for value in variable.chosen)
