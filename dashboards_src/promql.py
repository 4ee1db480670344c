"""PromQL templates: `%(REQUESTS)s` is a metric of the contract, `%(RATE)s` a value of config.py.

The names are those of the constants in llm_telemetry.names and in dashboards_src.config. A metric gives its name
(`%(REQUESTS.stem)s` without `_total`), a PerScale its value at the scale that is being generated. `%(RATE.s)s` is a
duration in seconds, `%(ERROR_RATE.percent)s` a share for people. An unknown name is a KeyError when rules are
generated, not an alert that never fires.
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
        raise ValueError(f"{duration!r} is not a duration of PromQL")
    return sum(int(count) * UNIT_S[unit] for count, unit in _DURATION.findall(duration))


def bucket(edge: float) -> str:
    """Matcher of a bucket edge, as Prometheus writes it when it scrapes: `le="3000.0"`."""
    return f'le="{float(edge)}"'


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with its names replaced and the indentation of the source removed."""
    text = "\n".join(line.strip() for line in template.strip().splitlines())
    return _NAME.sub(lambda match: values[match[1]], text)


def template_values(scale: Scale) -> dict[str, str]:
    """The names that a template may use, without recorded series."""
    values: dict[str, str] = {}
    for key, value in vars(names).items():
        if isinstance(value, names.Metric):
            values[key] = value.name
            values[f"{key}.stem"] = value.name.removesuffix("_total")
        elif isinstance(value, str | int) and key.isupper():
            values[key] = str(value)
    for key, value in vars(config).items():
        if isinstance(value, PerScale):
            values[f"{key}.production"] = str(value.production)
            value = value.at(scale)
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            value = "|".join(value)  # alternatives of a regular expression
        if not key.isupper() or not isinstance(value, str | int | float):
            continue
        if key in values:
            raise ValueError(f"{key} is defined in names.py and in config.py")
        values[key] = str(value)
        if isinstance(value, float):
            values[f"{key}.percent"] = f"{value * 100:g} %"
        if isinstance(value, str) and re.fullmatch(f"(?:{_DURATION.pattern})+", value):
            values[f"{key}.s"] = str(seconds(value))
    return values
