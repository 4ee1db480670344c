"""Errors as the OpenAI API words them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An answer that is an error. `outcome` is what the ledger calls it."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    outcome: str = "invalid_request"
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def invalid(message: str, param: str | None, code: str | None = None) -> ApiError:
    """A 400."""
    return ApiError(400, message, param=param, code=code)


def missing(param: str) -> ApiError:
    """A 400 for a parameter that is not there."""
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """A 400 for a parameter of another type."""
    message = f"Invalid type for '{param}': expected {expected}, but got {_json_type(value)} instead."
    return invalid(message, param, "invalid_type")


def wrong_value(param: str, problem: str) -> ApiError:
    """A 400 for a parameter out of its range."""
    return invalid(f"Invalid value for '{param}': {problem}", param, "invalid_value")


def model_not_found(name: str) -> ApiError:
    """A 404 for a model nobody serves."""
    message = f"The model `{name[:100]}` does not exist or you do not have access to it."
    return ApiError(404, message, param="model", code="model_not_found", outcome="model_not_found")


def _json_type(value: object) -> str:
    names = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")
