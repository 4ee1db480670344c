"""A call costs what the price table says, overrides win, and a model without a price has no cost."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from genai_prices import Usage as TableUsage
from genai_prices import calc_price, data_snapshot
from genai_prices.types import ModelPrice
from recorded_telemetry import CALLER, Recorded

import llm_telemetry as lt
from llm_telemetry import prices
from llm_telemetry.prices import DEFAULT_PRICES_FILE, Cost, Prices, PricesError, Usage

ROOT = Path(__file__).parents[2]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def overrides(folder: Path, text: str) -> Prices:
    file = folder / "prices.yaml"
    file.write_text(text)
    return Prices(file)


def test_cost_of_a_known_call() -> None:
    cost = Prices().cost("openai/gpt-4o", Usage(1847, 312), provider="openai", at=at("2024-06-01"))
    assert cost == Cost(pytest.approx(0.013915, abs=1e-12), "table")


@pytest.mark.parametrize("moment", ["2024-07-01 12:00", "2025-06-01 03:07", "2026-11-24 02:00", "2026-11-24 17:31"])
def test_every_model_costs_what_the_table_says(moment: str, tmp_path: Path) -> None:
    ours = overrides(tmp_path, "overrides: []")
    compared = 0
    for provider in data_snapshot.get_snapshot().providers:
        for model in provider.models:
            for usage in (
                Usage(1_000, 500, 400),
                Usage(150_000),
                Usage(250_000, 1, 250_000),
                Usage(1_000, 9, 100, 200),
            ):
                cost = ours.cost(model.id, usage, provider=provider.id, at=at(moment))
                if cost.dollars is None:  # a part of the usage has no price, so the whole has none
                    assert cost.source == "unpriced"
                    continue
                table = calc_price(
                    TableUsage(
                        input_tokens=usage.input_tokens,
                        output_tokens=usage.output_tokens,
                        cache_read_tokens=usage.cached_input_tokens,
                        cache_write_tokens=usage.cache_write_tokens,
                    ),
                    model.id,
                    provider_id=provider.id,
                    genai_request_timestamp=at(moment),
                )
                assert cost.dollars == pytest.approx(float(table.total_price), rel=1e-9, abs=1e-12), model.id
                compared += 1
    assert compared > 6_000


def test_prices_may_change_within_a_day() -> None:
    known = Prices()
    usage = Usage(1_000_000, 0)
    costs = {
        known.cost("deepseek-chat", usage, provider="deepseek", at=at(f"2025-07-01 {time}")).dollars
        for time in ("12:00", "16:29", "16:30", "00:29", "00:30")
    }
    assert len(costs) == 2
    assert None not in costs
    assert known.cost("deepseek-chat", usage, provider="deepseek", at=at("2025-07-01 16:29")) != known.cost(
        "deepseek-chat", usage, provider="deepseek", at=at("2025-07-01 16:30")
    )


def test_the_default_time_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: at("2024-06-01").timestamp())
    assert Prices().cost("gpt-4o", Usage(1_000_000), provider="openai").dollars == pytest.approx(5.0)


OVERRIDES = """
overrides:
  - model: openai/house-model
    from: 2025-01-01
    until: 2025-02-01
    input: 1
    cached_input: 0.5
    output: 2
    context_window: 1000
    above:
      - {input_tokens: 2000, input: 10, cached_input: 5, output: 20}
      - {input_tokens: 1000, input: 3, output: 4}
  - {model: house-model, from: 2025-02-01, input: 7}
  - {model: shared, input: 1}
  - {model: shared, provider: azure, input: 2}
  - {model: late, from: 2025-01-01, input: 1}
  - {model: late, from: 2025-06-01, input: 2}
"""


@pytest.mark.parametrize(
    ("usage", "moment", "dollars_per_million"),
    [
        (Usage(100), "2024-12-31 23:59:59", None),
        (Usage(100), "2025-01-01", 100),
        (Usage(100, 10, 40), "2025-01-31 23:59:59", 60 + 40 * 0.5 + 10 * 2),
        (Usage(1000), "2025-01-10", 1000),
        (Usage(1001), "2025-01-10", 3 * 1001),
        (Usage(1001, 0, 1), "2025-01-10", 3 * 1001),  # a tier without a price for cached tokens
        (Usage(2001, 1, 1), "2025-01-10", 2000 * 10 + 5 + 20),
        (
            Usage(100, 0, 40, 20),
            "2025-01-10",
            60 + 40 * 0.5,
        ),  # tokens written to the cache cost as much as other input tokens
        (Usage(100), "2025-02-01", 700),
        (Usage(100, 1), "2025-02-01", None),  # output has no price
    ],
)
def test_an_override_applies_by_date_and_prompt_length(
    usage: Usage, moment: str, dollars_per_million: float | None, tmp_path: Path
) -> None:
    cost = overrides(tmp_path, OVERRIDES).cost("house-model", usage, at=at(moment))
    if dollars_per_million is None:
        assert cost == prices.UNPRICED
    else:
        assert cost == Cost(pytest.approx(dollars_per_million / 1e6), "table")


def test_the_last_matching_override_wins(tmp_path: Path) -> None:
    known = overrides(tmp_path, OVERRIDES)
    million = Usage(1_000_000)
    assert known.cost("shared", million).dollars == pytest.approx(1)
    assert known.cost("shared", million, provider="openai").dollars == pytest.approx(1)
    assert known.cost("shared", million, provider="azure").dollars == pytest.approx(2)
    assert known.cost("late", million, at=at("2025-05-31")).dollars == pytest.approx(1)
    assert known.cost("late", million, at=at("2025-06-01")).dollars == pytest.approx(2)


def test_context_windows_come_from_overrides_else_from_the_table(tmp_path: Path) -> None:
    windows = "overrides: [{model: gpt-4o, input: 1, context_window: 1000}, {model: gpt-4o-mini, input: 1}]"
    known = overrides(tmp_path, windows)
    assert known.context_window("openai/gpt-4o") == 1000
    assert known.context_window("gpt-4o-mini", "openai") == 128_000
    assert known.context_window("acme-experimental-1", "openai") is None


def test_other_names_of_providers_and_models_are_found() -> None:
    known, usage = Prices(), Usage(1_000_000)
    assert known.cost("gemini-2.5-pro", usage, provider="gcp.gemini").dollars
    assert known.cost("openai/gpt-4o", usage).dollars == known.cost("gpt-4o", usage, provider="openai").dollars


@pytest.mark.parametrize("model", ["acme-experimental-1", "no-such-model", ""])
def test_a_model_without_a_price_has_no_cost(model: str) -> None:
    assert Prices().cost(model, Usage(1, 1), provider="openai") == Cost(None, "unpriced")


def test_an_entry_with_an_unknown_unit_has_no_price() -> None:
    price = ModelPrice.__new__(ModelPrice)
    vars(price).update(input_mtok=1, moon_mtok=2)
    assert prices._table_rates(price) == ()


def test_a_call_without_a_price_counts_as_unpriced(recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_llm_call("acme-experimental-1", provider="openai") as call:
        call.record_usage(10, 10)
    assert call.cost == Cost(None, "unpriced")
    assert recorded.value("llm_cost_dollars_total", model="acme-experimental-1", cost_source="unpriced") == 0
    assert recorded.value("llm_unpriced_requests_total", model="acme-experimental-1") == 1
    assert recorded.line()["cost_usd"] is None


@pytest.mark.parametrize(("reported", "source"), [(0.5, "reported"), (0, "table"), (None, "table"), (-1, "table"),
                                                  (float("nan"), "table"), ("0.5", "table")])  # fmt: skip
def test_a_reported_cost_wins_unless_it_is_not_a_cost(reported: float, source: str, recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai") as call:
        call.record_usage(1000, cost_usd=reported)
    assert call.cost == Cost(pytest.approx(0.5 if source == "reported" else 0.0025), source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must be a mapping"),
        ("overrides: {a: 1}", "list `overrides`"),
        ("override: []", "unknown ['override']"),
        ("overrides: [", "not valid YAML"),
        ("table: [1]", "`released`, a date"),
        ("table: {version: 1, released: yesterday}", "`released`, a date"),
        ("overrides: [7]", "override 1: must be a mapping with a `model`"),
        ("overrides: [{model: a, input: 1}, {input: 1}]", "override 2: must be a mapping"),
        ("overrides: [{model: a, inptu: 1}]", "override 1 (a): unknown ['inptu']"),
        ("overrides: [{model: a, input: 1, from: soon}]", "`from` must be a date"),
        ("overrides: [{model: a, input: 1, from: 2025-01-01 00:00:00}]", "`from` must be a date"),
        ("overrides: [{model: a, input: 1, from: 2025-01-02, until: 2025-01-02}]", "before `until`"),
        ("overrides: [{model: a, input: 1, above: 7}]", "`above` must be a list"),
        ("overrides: [{model: a, input: 1, above: [{input: 1}]}]", "`above` must be a list"),
        ("overrides: [{model: a, input: 1, above: [{input_tokens: many, input: 1}]}]", "prices are numbers"),
        ("overrides: [{model: a}]", "`input` must be there"),
        ("overrides: [{model: a, input: -1}]", "prices are numbers >= 0"),
        ("overrides: [{model: a, input: .inf}]", "prices are numbers >= 0"),
        ("overrides: [{model: a, input: cheap}]", "prices are numbers >= 0"),
        ("overrides: [{model: a, input: true}]", "prices are numbers >= 0"),
        ("overrides: [{model: a, input: 1, output: [1]}]", "prices are numbers >= 0"),
        ("overrides: [{model: a, input: 1, context_window: 128k}]", "`context_window` must be a number"),
    ],
)
def test_a_broken_file_is_refused_with_file_and_entry(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PricesError) as raised:
        overrides(tmp_path, text)
    assert message in str(raised.value)
    assert str(tmp_path / "prices.yaml") in str(raised.value)


def test_missing_and_binary_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_TELEMETRY_PRICES", str(tmp_path / "none.yaml"))
    with pytest.raises(PricesError, match=r"none\.yaml: cannot be read .*LLM_TELEMETRY_PRICES"):
        Prices()
    (tmp_path / "none.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PricesError, match="not valid YAML"):
        Prices()
    (tmp_path / "none.yaml").write_text("")
    assert Prices().cost("gpt-4o", Usage(1)).dollars


def test_the_table_timestamp_is_the_release_of_the_installed_table(recorded: Recorded) -> None:
    table = yaml.safe_load(DEFAULT_PRICES_FILE.read_text())["table"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    (locked,) = [package for package in lock["package"] if package["name"] == "genai-prices"]
    assert str(table["version"]) == version("genai-prices") == locked["version"]
    uploaded = locked["sdist"]["upload-time"]
    assert str(table["released"]) == str(uploaded)[:10]
    assert recorded.value("llm_price_table_timestamp_seconds") == at(str(table["released"])).timestamp()


def test_the_timestamp_of_another_table_is_its_newest_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = overrides(tmp_path, "overrides: []").table_timestamp()
    assert at("2025-01-01").timestamp() < newest <= Prices().table_timestamp()
    snapshot = data_snapshot.get_snapshot()
    monkeypatch.setattr(snapshot, "from_auto_update", True)
    assert Prices().table_timestamp() == snapshot.timestamp.timestamp()
