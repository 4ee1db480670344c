"""Errors with the wording of the OpenAI API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_JSON_TYPES: Mapping[type, str] = {
    bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array", dict: "an object"
}  # fmt: skip


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An error response. `outcome` is its outcome in the ledger."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    outcome: str = "invalid_request"
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def invalid_request(message: str, param: str | None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def missing_parameter(param: str) -> ApiError:
    return invalid_request(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def invalid_type(param: str, expected: str, value: object) -> ApiError:
    message = (
        f"Invalid type for '{param}': expected {expected}, but got {_JSON_TYPES.get(type(value), 'null')} instead."
    )
    return invalid_request(message, param, "invalid_type")


def invalid_value(param: str, problem: str) -> ApiError:
    return invalid_request(f"Invalid value for '{param}': {problem}", param, "invalid_value")


def model_not_found(name: str) -> ApiError:
    message = f"The model `{name[:100]}` does not exist or you do not have access to it."
    return ApiError(404, message, param="model", code="model_not_found", outcome="model_not_found")
