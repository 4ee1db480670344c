"""Read fields of a request body. As for OpenAI, null means absent. All functions raise ApiError with status 400."""

from typing import Any

from sim_provider.errors import invalid_type, invalid_value, missing_parameter


def required_string(data: dict[str, Any], name: str) -> str:
    value = string(data, name)
    if value is None:
        raise missing_parameter(name)
    return value


def number(data: dict[str, Any], name: str, low: float, high: float) -> float | None:
    value: float | None = _optional(data, name, (int, float), "a number")
    if value is not None and not low <= value <= high:
        raise invalid_value(name, f"expected a value from {low:g} to {high:g}.")
    return value


def integer(data: dict[str, Any], name: str, low: int | None = None) -> int | None:
    value: int | None = _optional(data, name, int, "an integer")
    if value is not None and low is not None and value < low:
        raise invalid_value(name, f"expected at least {low}.")
    return value


def boolean(data: dict[str, Any], name: str) -> bool:
    return bool(_optional(data, name, bool, "a boolean"))


def string(data: dict[str, Any], name: str) -> str | None:
    value: str | None = _optional(data, name, str, "a string")
    return value


def array(data: dict[str, Any], name: str) -> list[Any]:
    return _optional(data, name, list, "an array") or []


def mapping(data: dict[str, Any], name: str) -> dict[str, Any]:
    return _optional(data, name, dict, "an object") or {}


def _optional(data: dict[str, Any], name: str, expected: type | tuple[type, ...], description: str) -> Any:
    value = data.get(name)
    # Python counts bool as an int, JSON does not.
    if value is not None and (not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)):
        raise invalid_type(name, description, value)
    return value
