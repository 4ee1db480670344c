"""A wrong models file is refused with the key that is wrong."""

from pathlib import Path

import pytest

from sim_provider.models import DEFAULT_MODELS_FILE, ModelsFileError, load_models


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ttft_ms: 520", "ttft_ms: fast", "chat.gpt-4o.ttft_ms: 'fast' is not a usable float"),
        ("ttft_ms: 520", "", "chat.gpt-4o: missing ['ttft_ms']"),
        ("ttft_ms: 520", "ttft_ms: 520\n    price: 1", "unknown ['price']"),
        ("tokens_per_second: 90", "tokens_per_second: 0", "tokens_per_second: 0 is not"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-11-20", "two models: gpt-4o-2024-11-20"),
        ("\nchat:", "\nchats:", "sections `chat` and `embedding`"),
        ("\nchat:", "\nchat: [", "not YAML"),
    ],
)
def test_a_wrong_models_file_is_refused_with_its_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(DEFAULT_MODELS_FILE.read_text().replace(old, new, 1))
    with pytest.raises(ModelsFileError) as error:
        load_models(file)
    assert says in str(error.value)
