"""Read fields of a request body. As for OpenAI, null means absent. All functions raise ApiError with status 400."""

from typing import Any

from sim_provider.errors import invalid_type, invalid_value, missing_parameter


def required_string(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        raise missing_parameter(name)
    if not isinstance(value, str):
        raise invalid_type(name, "a string", value)
    return value


def number(data: dict[str, Any], name: str, low: float, high: float) -> float | None:
    """A number from `low` to `high`, or None."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid_type(name, "a number", value)
    if not low <= value <= high:
        raise invalid_value(name, f"expected a value from {low:g} to {high:g}.")
    return value


def integer(data: dict[str, Any], name: str, low: int | None = None) -> int | None:
    """An integer of at least `low`, or None."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_type(name, "an integer", value)
    if low is not None and value < low:
        raise invalid_value(name, f"expected at least {low}.")
    return value


def boolean(data: dict[str, Any], name: str) -> bool:
    """A boolean; False if absent."""
    return bool(_optional(data, name, bool, "a boolean"))


def string(data: dict[str, Any], name: str) -> str | None:
    value: str | None = _optional(data, name, str, "a string")
    return value


def array(data: dict[str, Any], name: str) -> list[Any]:
    """An array; empty if absent."""
    return _optional(data, name, list, "an array") or []


def mapping(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An object; empty if absent."""
    return _optional(data, name, dict, "an object") or {}


def _optional(data: dict[str, Any], name: str, expected: type, description: str) -> Any:
    value = data.get(name)
    if value is not None and not isinstance(value, expected):
        raise invalid_type(name, description, value)
    return value
