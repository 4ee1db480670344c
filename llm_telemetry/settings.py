"""The label values that metrics may have: endpoints, models and tenants, read from one YAML file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from llm_telemetry.names import OPERATION_CHAT, OPERATION_EMBEDDINGS, UNKNOWN

SETTINGS_FILE_VARIABLE = "LLM_TELEMETRY_SETTINGS"
DEFAULT_SETTINGS_FILE = Path(__file__).with_name("settings.yaml")


class SettingsError(ValueError):
    """The settings file cannot be used. The message names the file, the key and what to write instead."""


@dataclass(frozen=True)
class Model:
    name: str
    provider: str
    operation: str = OPERATION_CHAT


@dataclass(frozen=True)
class Settings:
    """The label values of one settings file. A value that is not listed counts under `other`."""

    endpoints: tuple[str, ...]
    models: Mapping[str, Model]
    tenants: tuple[str, ...]

    def models_for(self, operation: str) -> tuple[Model, ...]:
        """Return the models of one operation (`chat` or `embeddings`)."""
        return tuple(model for model in self.models.values() if model.operation == operation)


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings from `path`, else from $LLM_TELEMETRY_SETTINGS, else from settings.yaml in this folder.

    Raises:
        SettingsError: the file is missing, is not valid YAML, or has a key or value that is not a setting.
    """
    file = path or Path(os.environ.get(SETTINGS_FILE_VARIABLE) or DEFAULT_SETTINGS_FILE)
    content = read_yaml(file, SETTINGS_FILE_VARIABLE, SettingsError)
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: must be a mapping with `endpoints`, `models` and `tenants`")
    if unknown := set(content) - {"endpoints", "models", "tenants"}:
        raise SettingsError(f"{file}: unknown {sorted(map(str, unknown))}; known are endpoints, models, tenants")
    return Settings(
        endpoints=_names(file, content, "endpoints"),
        models=_models(file, content.get("models") or {}),
        tenants=_names(file, content, "tenants"),
    )


def read_yaml(file: Path, variable: str, error_class: type[ValueError]) -> Any:
    """Read `file`, which `$variable` may name. Raises `error_class` if it cannot be read or is not valid YAML."""
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise error_class(f"{file}: cannot be read ({error.strerror}); correct ${variable}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise error_class(f"{file}: is not valid YAML: {error}") from error


def _names(file: Path, content: dict[str, Any], key: str) -> tuple[str, ...]:
    values = content.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise SettingsError(f"{file}: `{key}` must be a list of names; put quotes around numbers")
    return tuple(dict.fromkeys(values))


def _models(file: Path, content: Any) -> dict[str, Model]:
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: `models` must map a name to its settings, such as `gpt-4o: {{provider: openai}}`")
    models: dict[str, Model] = {}
    for name, entry in content.items():
        fields = entry or {}
        if not isinstance(name, str) or not isinstance(fields, dict) or set(fields) - {"provider", "operation"}:
            raise SettingsError(f"{file}: model {name!r} takes `provider` and `operation` only")
        operation = fields.get("operation", OPERATION_CHAT)
        if operation not in (OPERATION_CHAT, OPERATION_EMBEDDINGS):
            raise SettingsError(f"{file}: model {name!r} has operation {operation!r}; use chat or embeddings")
        models[name] = Model(name, str(fields.get("provider") or UNKNOWN), operation)
    return models


@lru_cache(maxsize=1024)
def strip_provider(model: str) -> str:
    """Return the model name without a prefix: `openai/gpt-4o` and `models/gpt-4o` become `gpt-4o`."""
    return model.rsplit("/", 1)[-1] or model
