"""Reading fields of a request body; null counts as absent, as it does for OpenAI. All raise ApiError 400."""

from typing import Any

from sim_provider.errors import missing, wrong_type, wrong_value


def required_text(data: dict[str, Any], name: str) -> str:
    """A string that must be there."""
    value = data.get(name)
    if value is None:
        raise missing(name)
    if not isinstance(value, str):
        raise wrong_type(name, "a string", value)
    return value


def number(data: dict[str, Any], name: str, low: float, high: float) -> float | None:
    """A number within bounds, or None."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a number", value)
    if not low <= value <= high:
        raise wrong_value(name, f"expected a value from {low:g} to {high:g}.")
    return value


def whole(data: dict[str, Any], name: str, low: int | None = None) -> int | None:
    """An integer, or None."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "an integer", value)
    if low is not None and value < low:
        raise wrong_value(name, f"expected at least {low}.")
    return value


def flag(data: dict[str, Any], name: str) -> bool:
    """A boolean, False when absent."""
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong_type(name, "a boolean", value)
    return bool(value)


def text(data: dict[str, Any], name: str) -> str | None:
    """A string, or None."""
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong_type(name, "a string", value)
    return value


def items(data: dict[str, Any], name: str) -> list[Any]:
    """An array, empty when absent."""
    value = data.get(name)
    if value is not None and not isinstance(value, list):
        raise wrong_type(name, "an array", value)
    return value or []


def table(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An object, empty when absent."""
    value = data.get(name)
    if value is not None and not isinstance(value, dict):
        raise wrong_type(name, "an object", value)
    return value or {}
