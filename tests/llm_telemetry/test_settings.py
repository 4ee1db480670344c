"""A settings file that cannot be used is refused with the file, the key and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

import llm_telemetry as lt


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must be a mapping"),
        ("endpoints: [", "not valid YAML"),
        ("endpoint: []", "unknown ['endpoint']"),
        ("endpoints: /a", "`endpoints` must be a list"),
        ("tenants: [1]", "`tenants` must be a list of names; put quotes"),
        ("models: [a]", "`models` must map"),
        ("models: {a: openai}", "model 'a' takes"),
        ("models: {1: {}}", "model 1 takes"),
        ("models: {a: {price: 1}}", "model 'a' takes `provider` and `operation`"),
        ("models: {a: {operation: dream}}", "'dream'; use chat or embeddings"),
    ],
)
def test_configure_names_file_and_mistake(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    monkeypatch.setenv("LLM_TELEMETRY_SETTINGS", str(file))
    with pytest.raises(lt.SettingsError) as raised:
        lt.configure("svc")
    assert message in str(raised.value)
    assert str(file) in str(raised.value)


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(lt.SettingsError, match="cannot be read"):
        lt.load_settings(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(lt.SettingsError, match="not valid YAML"):
        lt.load_settings(tmp_path / "binary.yaml")
