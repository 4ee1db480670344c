"""The rules files of Prometheus: records, and the alerts that use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from dashboards_src import config, records
from dashboards_src.alerts.alert import Alert, Rule
from dashboards_src.config import Scale

HEADER = """\
# GENERATED - DO NOT EDIT. Change dashboards_src/ and run `make dashboards`.
# {topic}
"""
FOLDERS: Mapping[Scale, str] = {"production": "prometheus/rules", "rehearsal": "prometheus/rules-rehearsal"}


@dataclass(frozen=True)
class RulesFile:
    """One rules file: a group of records, then the alerts that use them, so that alerts see fresh records."""

    stem: str
    topic: str
    alerts: Sequence[Alert] = ()
    slow: bool = False  # in production, evaluated every SLOW_INTERVAL

    def records_at(self, scale: Scale) -> list[Rule]:
        return [
            {
                "record": record.at(scale),
                "expr": records.render(record.expr, scale),
                **({"labels": dict(record.labels)} if record.labels else {}),
            }
            for record in records.RECORDS
            if record.file == self.stem and not (record.seeded and scale == "rehearsal")
        ]

    def alerts_at(self, scale: Scale) -> Iterable[Alert]:
        return self.alerts

    def groups(self, scale: Scale) -> Iterator[dict[str, Any]]:
        """The groups of the file. A rehearsal also records the production series, for the dashboards."""
        rules = [*self.records_at(scale), *(alert.rule(scale) for alert in self.alerts_at(scale))]
        yield _group(self.stem, rules, slow=self.slow and scale == "production")
        if scale == "rehearsal":
            kept = [rule for rule in self.records_at("production") if rule not in rules]
            if kept:
                yield _group(f"{self.stem}-production", kept, slow=True)


def _group(name: str, rules: Sequence[Rule], *, slow: bool) -> dict[str, Any]:
    return {"name": name, **({"interval": config.SLOW_INTERVAL} if slow else {}), "rules": list(rules)}


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, and indents lists below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def render_file(file: RulesFile, scale: Scale) -> str:
    groups = {"groups": list(file.groups(scale))}
    body = yaml.dump(groups, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return HEADER.format(topic=file.topic) + body
