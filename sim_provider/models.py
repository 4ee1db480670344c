"""Reads and validates models.yaml."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

DEFAULT_MODELS_FILE = Path(__file__).with_name("models.yaml")


class ModelsFileError(ValueError):
    """The models file cannot be used. The message names the key that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """What chat and embedding models have in common; models.yaml explains the fields."""

    id: str
    response_model: str
    owned_by: str
    ttft_ms: float
    ttft_sigma: float
    tokens_per_second: float
    context_window: int
    requests_per_minute: int
    tokens_per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel(ServedModel):
    max_output_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel(ServedModel):
    dimensions: int


class Models:
    """The models of one file. A model has two names: its id and `response_model`, the dated id in its responses."""

    def __init__(self, served: list[ChatModel | EmbeddingModel]) -> None:
        self._served = tuple(served)
        self._by_name: dict[str, ChatModel | EmbeddingModel] = {model.response_model: model for model in served}
        self._by_name.update((model.id, model) for model in served)

    @property
    def ids(self) -> list[str]:
        return [model.id for model in self._served]

    @property
    def names(self) -> list[str]:
        return sorted(self._by_name)

    def find(self, name: str) -> ChatModel | EmbeddingModel | None:
        return self._by_name.get(name)


Kind = TypeVar("Kind", ChatModel, EmbeddingModel)


def load_models(path: Path = DEFAULT_MODELS_FILE) -> Models:
    """Read a models file.

    Raises OSError: the file cannot be read. Raises ModelsFileError: the file is not valid YAML, or a key is missing,
    unknown or out of range.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ModelsFileError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict) or not set(document) <= {"chat", "embedding"}:
        raise ModelsFileError(
            f"{path}: expected the sections `chat` and `embedding`, each a mapping of model id to settings"
        )
    served: list[ChatModel | EmbeddingModel] = []
    served += [_model(ChatModel, path, "chat", *item) for item in _section(document, path, "chat")]
    served += [_model(EmbeddingModel, path, "embedding", *item) for item in _section(document, path, "embedding")]
    if not served:
        raise ModelsFileError(f"{path}: no models")
    names = [name for model in served for name in {model.id, model.response_model}]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ModelsFileError(f"{path}: these names belong to two models: {', '.join(twice)}")
    return Models(served)


def _section(document: dict[str, Any], path: Path, name: str) -> list[tuple[str, Any]]:
    section = document.get(name) or {}
    if not isinstance(section, dict):
        raise ModelsFileError(f"{path}: `{name}` must be a mapping of model id to settings")
    return [(str(model_id), settings) for model_id, settings in section.items()]


def _model(kind: type[Kind], path: Path, section: str, model_id: str, settings: Any) -> Kind:
    where = f"{path}: {section}.{model_id}"
    if not isinstance(settings, dict):
        raise ModelsFileError(f"{where} must be a mapping")
    types = {field.name: field.type for field in fields(kind) if field.name != "id" and field.default is MISSING}
    if set(settings) != set(types):
        missing, unknown = sorted(set(types) - set(settings)), sorted(map(str, set(settings) - set(types)))
        raise ModelsFileError(f"{where}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}")
    for name, wanted in types.items():
        value = settings[name]
        if wanted is str:
            good = isinstance(value, str) and bool(value)
        elif wanted is int:
            good = isinstance(value, int) and not isinstance(value, bool) and value > 0
        else:
            good = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        if not good or (name == "tokens_per_second" and value <= 0):
            raise ModelsFileError(f"{where}.{name}: {value!r} is not a usable {getattr(wanted, '__name__', wanted)}")
    return kind(id=model_id, **settings)
