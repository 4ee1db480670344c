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
# $name, ${name}, ${name:format}, [[name]]
_USED: Final = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.[\w.]+)?(?::(\w+))?\}|\[\[(\w+?)(?::(\w+))?\]\]")


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
    def multi(self) -> bool:
        """Whether several may be chosen."""
        return bool(self.json.get("multi"))

    @property
    def has_all(self) -> bool:
        """Whether everything may be chosen."""
        return bool(self.json.get("includeAll"))

    @property
    def hidden(self) -> bool:
        """Not shown on the page."""
        return self.json.get("hide") == 2 or self.type == "constant"

    @property
    def is_all(self) -> bool:
        """Whether everything is chosen."""
        return self.chosen == (ALL,)

    @property
    def all_value(self) -> str:
        """What stands for everything in a query; empty: every option."""
        return str(self.json.get("allValue") or "")

    @property
    def values(self) -> tuple[str, ...]:
        """What is chosen; all options for All."""
        return self.options if self.is_all else self.chosen

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
    kind = str(json.get("type", ""))
    if kind == "constant":  # as in Grafana, the address cannot change a constant
        name = str(json["name"])
        return Variable(name, name, kind, json, (str(json.get("query") or ""),))
    options = tuple(_fixed_options(kind, json))
    current = (json.get("current") or {}).get("value")
    default = [current] if isinstance(current, str) else [str(one) for one in current or ()]
    if kind == "textbox" and not default:
        default = [str(json.get("query") or "")]
    values = [ALL if value in (ALL, ALL_TEXT) and json.get("includeAll") else value for value in asked or default]
    if not values or ALL in values:
        values = [ALL] if json.get("includeAll") else values or list(options[:1])
    return Variable(str(json["name"]), str(json.get("label") or json["name"]), kind, json, tuple(values), options)


def _fixed_options(kind: str, json: Json) -> Iterable[str]:
    if kind not in ("custom", "interval"):
        return ()
    return [part.partition(" : ")[2].strip() or part.strip() for part in str(json.get("query") or "").split(",")]


def question(variable: Variable, span: Span, others: Sequence[Variable]) -> Question | None:
    """What is asked for what may be chosen; None where nothing needs to be.

    Raises:
        ValueError: the query is of a kind that the console does not know.
    """
    if variable.type != "query":
        return None
    match = _LABEL_VALUES.fullmatch(written(variable.query, others))
    if match is None:
        raise ValueError(f"the console knows variables of label_values(…) only, not {variable.query!r}")
    text = json.dumps([match["label"], (match["selector"] or "").strip()])
    # In whole minutes: what may be chosen does not hang on seconds, and pages that ask the same share the answer.
    return Question("values", text, span.start // _MINUTE * _MINUTE, -(-span.end // _MINUTE) * _MINUTE)


def with_options(variable: Variable, found: Sequence[str]) -> Variable:
    """The variable with the values that were found for it."""
    pattern = str(variable.json.get("regex") or "").strip("/")
    kept = [value for value in found if not pattern or re.search(pattern, value)]
    options = tuple(_sorted(kept, int(variable.json.get("sort") or 0)))
    return replace(variable, options=options, chosen=variable.chosen or options[:1])


def _sorted(values: list[str], order: int) -> list[str]:
    """As Grafana numbers orders: even ones descend, 3 and 4 as numbers, 5 and 6 without regard to capitals."""
    if order == 0:
        return values
    key: Callable[[str], object] = {3: _as_number, 4: _as_number, 5: str.lower, 6: str.lower}.get(order, str)
    return sorted(values, key=key, reverse=order % 2 == 0)  # type: ignore[arg-type]


def _as_number(text: str) -> tuple[float, str]:
    match = re.search(r"-?\d+(\.\d+)?", text)
    return (float(match[0]) if match else float("inf"), text)


def parameters(variables: Iterable[Variable]) -> dict[str, Sequence[str]]:
    """For an address."""
    return {f"var-{one.name}": one.chosen for one in variables if one.type != "constant"}


def scoped(variables: Iterable[Variable], scope: Mapping[str, str]) -> tuple[Variable, ...]:
    """As if only the value had been chosen that a repeated panel is about."""
    return tuple(replace(one, chosen=(scope[one.name],)) if one.name in scope else one for one in variables)


# --- Written into texts -----------------------------------------------------------------------------------


def written(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """PromQL with values and macros filled in. What nobody knows stays as it is."""
    return _filled(text, variables, macros or {}, _promql)


def written_logsql(text: str, variables: Iterable[Variable]) -> str:
    """LogsQL of a target's `lite`: regular expressions inside quotes."""
    return _filled(text, variables, {}, _regex_in_quotes)


def written_plain(text: str, variables: Iterable[Variable], macros: Mapping[str, str] | None = None) -> str:
    """Titles and links: values as a person reads them, or as a format asks for them."""
    return _filled(text, variables, macros or {}, lambda one: one.about)


def _filled(
    text: str, variables: Iterable[Variable], macros: Mapping[str, str], default: Callable[[Variable], str]
) -> str:
    known = {one.name: one for one in variables}

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[4]
        form = match[3] or match[5] or ""
        if name in macros:
            return macros[name]
        if name not in known:
            return match[0]
        return _FORMATS[form](known[name]) if form in _FORMATS else default(known[name])

    return _USED.sub(fill, text)


def _promql(variable: Variable) -> str:
    if variable.is_all and variable.all_value:
        return variable.all_value
    if not (variable.multi or variable.has_all):
        return "".join(variable.values).replace("\\", "\\\\").replace('"', '\\"')
    return _regex_in_quotes(variable)


def _regex_in_quotes(variable: Variable) -> str:
    """Any of the values, for a regular expression that stands in double quotes."""
    if variable.is_all and variable.all_value:
        return variable.all_value
    values = [_escaped(value) for value in variable.values]
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _escaped(value: str) -> str:
    """For RE2, and then for the quotes around it."""
    regex = re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", value)
    return regex.replace("\\", "\\\\").replace('"', '\\"')


def _all_or(join: Callable[[Sequence[str]], str]) -> Callable[[Variable], str]:
    return lambda one: one.all_value if one.is_all and one.all_value else join(one.values)


_FORMATS: Final[Mapping[str, Callable[[Variable], str]]] = {
    "pipe": _all_or("|".join),
    "regex": _all_or(lambda values: "|".join(re.escape(value) for value in values)),
    "csv": _all_or(",".join),
    "raw": _all_or(",".join),
    "text": lambda one: one.about,
    "percentencode": _all_or(lambda values: quote(",".join(values), safe="")),
    "queryparam": lambda one: "&".join(f"var-{quote(one.name)}={quote(value, safe='')}" for value in one.chosen),
    "glob": _all_or(lambda values: values[0] if len(values) == 1 else f"{{{','.join(values)}}}"),
}
