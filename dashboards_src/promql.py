"""Fills PromQL templates: `%(REQUESTS)s` is a metric of the contract, `%(RATE)s` a value of the config.

Names are the constants' own: those of llm_telemetry.names (a metric gives its name, `%(REQUESTS.stem)s`
gives it without `_total`, a text itself) and those of dashboards_src.config (at the scale that is being
generated; `%(RATE.s)s` is a duration in seconds, `%(ERROR_RATE.percent)s` a share for people). A name
that neither has is a KeyError here, not an alert that never fires.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dashboards_src import config
from dashboards_src.config import PerScale, Scale
from llm_telemetry import names

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+)([smhdw])")
_NAME = re.compile(r"%\(([\w.]+)\)s")


def seconds(duration: str) -> int:
    """`1h30m` is 5400."""
    if not re.fullmatch(f"(?:{_DURATION.pattern})+", duration):
        raise ValueError(f"{duration!r} is no duration of PromQL")
    return sum(int(count) * UNIT_S[unit] for count, unit in _DURATION.findall(duration))


def bucket(edge: float) -> str:
    """Matcher of a bucket edge, as Prometheus writes it when it scrapes: `le="3000.0"`."""
    return f'le="{float(edge)}"'


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with its names filled in, and without the indentation of the source."""
    text = "\n".join(line.strip() for line in template.strip().splitlines())
    return _NAME.sub(lambda match: values[match[1]], text)


def template_values(scale: Scale) -> dict[str, str]:
    """What a template may name, but for recorded series."""
    known: dict[str, str] = {}
    for key, value in vars(names).items():
        if isinstance(value, names.Metric):
            known[key] = value.name
            known[f"{key}.stem"] = value.name.removesuffix("_total")
        elif isinstance(value, str | int) and key.isupper():
            known[key] = str(value)
    for key, value in vars(config).items():
        if isinstance(value, PerScale):
            known[f"{key}.production"] = str(value.production)
            value = value.at(scale)
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            value = "|".join(value)  # inside a regular expression
        if not key.isupper() or not isinstance(value, str | int | float):
            continue
        if key in known:
            raise ValueError(f"{key} is in names.py and in config.py")
        known[key] = str(value)
        if isinstance(value, float):
            known[f"{key}.percent"] = f"{value * 100:g} %"
        if isinstance(value, str) and re.fullmatch(f"(?:{_DURATION.pattern})+", value):
            known[f"{key}.s"] = str(seconds(value))
    return known
