"""What a model call costs.

Prices come from the `genai-prices` table, with dated overrides of our own on top (prices.yaml).
Looking one up takes the table 65 us, so resolved rates are kept; the arithmetic is one line:

    (input - cached - written) * p_in + cached * p_cached + written * p_written + output * p_out

Reasoning tokens are inside output. A model without a price has no cost: `None`, never 0.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from llm_telemetry.names import COST_REPORTED, COST_TABLE, COST_UNPRICED, UNKNOWN
from llm_telemetry.settings import strip_provider

# Imported where it is used: 20 MB that a process which only reads names or records scores does without.
if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice

PRICES_FILE_VARIABLE = "LLM_TELEMETRY_PRICES"
DEFAULT_PRICES_FILE = Path(__file__).with_name("prices.yaml")

# Some prices change within a day, on the half hour at the finest (2026-11): a rate is looked up anew
# every quarter of an hour.
RATE_LIFETIME_S = 900

# OpenTelemetry's names of providers (gen_ai.provider.name) where the price table uses another.
TABLE_PROVIDERS: Mapping[str, str] = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "x_ai": "x-ai",
}
# Units that a table entry may price beside tokens of text and that no usage we read can contain.
_UNUSED_UNITS = ("web_searches_", "storage_searches_", "input_audio", "output_audio", "cache_audio", "input_image",
                 "output_image", "cache_image", "input_video", "output_video", "audio_hours", "cache_write_1h_",
                 "input_document", "input_annotated", "output_reasoning_", "output_citation_")  # fmt: skip
_TEXT_UNITS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "requests_kcount")


class PricesError(ValueError):
    """The prices file cannot be used. The message names the file, the entry and the remedy."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input_tokens` includes cached and written ones, `output_tokens` reasoning."""

    input_tokens: int
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, or None where no price is known; `source` is `table`, `reported` or `unpriced`."""

    dollars: float | None
    source: str


UNPRICED = Cost(None, COST_UNPRICED)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per token, for prompts of more than `above` input tokens. `None`: that kind of token has no price."""

    above: int
    input: float | None
    cached_input: float | None
    cache_write: float | None
    output: float | None
    per_request: float = 0.0


@dataclass(frozen=True)
class Override:
    """One entry of prices.yaml. `until` is the first day on which it no longer holds."""

    model: str
    provider: str | None
    from_: date
    until: date
    rates: tuple[Rates, ...]
    context_window: int | None

    def fits(self, model: str, provider: str, day: date) -> bool:
        """Whether this entry prices `model` of `provider` on `day` (UTC)."""
        return self.model == model and self.provider in (None, provider) and self.from_ <= day < self.until


class Prices:
    """The price table with our overrides on top. Thread-safe: it is only read after it was made."""

    def __init__(self, file: Path | None = None) -> None:
        """Read the overrides from `file`, else from $LLM_TELEMETRY_PRICES, else the shipped ones.

        Raises:
            PricesError: the file is missing or an entry cannot be used.
        """
        self.file = file or Path(os.environ.get(PRICES_FILE_VARIABLE) or DEFAULT_PRICES_FILE)
        content = _read(self.file)
        self._table = content.get("table") or {}
        self._overrides = tuple(
            _override(self.file, number, entry) for number, entry in enumerate(content.get("overrides") or [], 1)
        )
        self._rates_of = lru_cache(maxsize=1024)(self._look_up)
        self.context_window = lru_cache(maxsize=1024)(self._context_window)

    def cost(
        self,
        model: str,
        usage: Usage,
        *,
        provider: str = UNKNOWN,
        at: datetime | None = None,
        reported: float | None = None,
    ) -> Cost:
        """Cost of one call to `model` at `at` (now when absent).

        `reported` is a cost that the provider or gateway named itself. It wins, unless it is 0: gateways
        say 0 when they do not know.
        """
        if reported:
            return Cost(float(reported), COST_REPORTED)
        moment = at.timestamp() if at else time.time()
        tiers = self._rates_of(model, provider, int(moment // RATE_LIFETIME_S))
        return _apply(tiers, usage)

    def table_timestamp(self) -> float:
        """When the prices in use were last known to be right, in Unix seconds.

        The release of the pinned table; its own time where genai-prices updates itself; with another
        version than the pinned one, the newest price change in it that is not still to come.
        """
        from genai_prices.types import StartDateConstraint

        snapshot = _table()
        if snapshot.from_auto_update:
            return snapshot.timestamp.timestamp()
        if str(self._table.get("version")) == version("genai-prices"):
            return _midnight(self._table["released"])
        return max(
            (_midnight(price.constraint.start_date) for provider in snapshot.providers for model in provider.models
             if isinstance(model.prices, list) for price in model.prices
             if isinstance(price.constraint, StartDateConstraint)
             and _midnight(price.constraint.start_date) <= time.time()),
            default=0.0,
        )  # fmt: skip

    def _look_up(self, model: str, provider: str, period: int) -> tuple[Rates, ...]:
        at = datetime.fromtimestamp(period * RATE_LIFETIME_S, UTC)
        if override := self._override_for(model, provider, at.date()):
            return override.rates
        info = _table_entry(model, provider)
        return _table_rates(info.get_prices(at)) if info else ()

    def _context_window(self, model: str, provider: str = UNKNOWN) -> int | None:
        """Input tokens that `model` can take, or None where nobody says."""
        override = self._override_for(model, provider, datetime.now(UTC).date())
        if override and override.context_window:
            return override.context_window
        info = _table_entry(model, provider)
        return info.context_window if info else None

    def _override_for(self, model: str, provider: str, day: date) -> Override | None:
        name = strip_provider(model)
        return next((entry for entry in reversed(self._overrides) if entry.fits(name, provider, day)), None)


def _apply(tiers: Sequence[Rates], usage: Usage) -> Cost:
    applicable = [rates for rates in tiers if rates.above == 0 or usage.input_tokens > rates.above]
    if not applicable:
        return UNPRICED
    rates = applicable[-1]
    fresh = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens
    dollars = rates.per_request
    for tokens, price in (
        (fresh, rates.input),
        (usage.cached_input_tokens, rates.cached_input),
        (usage.cache_write_tokens, rates.cache_write),
        (usage.output_tokens, rates.output),
    ):
        if tokens and price is None:
            return UNPRICED
        dollars += tokens * (price or 0.0)
    return Cost(dollars, COST_TABLE)


def _table() -> DataSnapshot:
    from genai_prices import data_snapshot

    return data_snapshot.get_snapshot()


def _table_entry(model: str, provider: str) -> ModelInfo | None:
    """The table's entry for `model`, by its full name first: some gateways' names hold a `/`."""
    provider_id = None if provider == UNKNOWN else TABLE_PROVIDERS.get(provider, provider)
    for name in (model, strip_provider(model)):
        with suppress(LookupError):
            return _table().find_provider_model(name, None, provider_id, None)[1]
    return None


def _table_rates(price: ModelPrice) -> tuple[Rates, ...]:
    """Rates by prompt length. Empty where the entry prices something that we do not count."""
    from genai_prices.types import TieredPrices

    units = {unit: value for unit, value in vars(price).items() if value is not None and not unit.startswith("_")}
    if any(unit not in _TEXT_UNITS and not unit.startswith(_UNUSED_UNITS) for unit in units) or not units:
        return ()
    starts = {0}
    for value in units.values():
        if isinstance(value, TieredPrices):
            starts.update(tier.start for tier in value.tiers)

    def at(unit: str, start: int) -> float | None:
        value = units.get(unit)
        if isinstance(value, TieredPrices):
            value = next((tier.price for tier in reversed(value.tiers) if start >= tier.start), value.base)
        return None if value is None else float(value) / 1e6

    tiers = []
    for start in sorted(starts):
        fresh = at("input_mtok", start)
        cached, written = at("cache_read_mtok", start), at("cache_write_mtok", start)
        tiers.append(
            Rates(
                above=start,
                input=fresh,
                cached_input=fresh if cached is None else cached,
                cache_write=fresh if written is None else written,
                output=at("output_mtok", start),
                per_request=(at("requests_kcount", start) or 0.0) * 1e3,
            )
        )
    return tuple(tiers)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise PricesError(f"{file}: cannot be read ({error.strerror}); correct ${PRICES_FILE_VARIABLE}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PricesError(f"{file}: is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("overrides") or [], list):
        raise PricesError(f"{file}: must be a mapping with a list `overrides`")
    if unknown := set(content) - {"table", "overrides"}:
        raise PricesError(f"{file}: unknown {sorted(map(str, unknown))}; known are table, overrides")
    table = content.get("table") or {}
    if not isinstance(table, dict) or (table and not _is_day(table.get("released"))):
        raise PricesError(f"{file}: `table` says `version` and `released`, a date as 2024-05-13")
    return content


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


_ENTRY_KEYS = {
    "model", "provider", "from", "until", "input", "cached_input", "output", "context_window", "above",
}  # fmt: skip


def _override(file: Path, number: int, entry: Any) -> Override:
    where = f"{file}: override {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
        raise PricesError(f"{where}: must be a mapping with a `model`")
    if unknown := set(entry) - _ENTRY_KEYS:
        raise PricesError(
            f"{where} ({entry['model']}): unknown {sorted(map(str, unknown))}; known are {sorted(_ENTRY_KEYS)}"
        )
    from_, until = entry.get("from", date.min), entry.get("until", date.max)
    if not _is_day(from_) or not _is_day(until) or from_ >= until:
        raise PricesError(f"{where} ({entry['model']}): `from` must be a date before `until`, as 2024-05-13")
    tiers = entry.get("above") or []
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) and "input_tokens" in tier for tier in tiers):
        raise PricesError(f"{where} ({entry['model']}): `above` must be a list of mappings with `input_tokens`")
    window = entry.get("context_window")
    if window is not None and (not isinstance(window, int) or isinstance(window, bool) or window <= 0):
        raise PricesError(f"{where} ({entry['model']}): `context_window` must be a number of tokens")
    try:
        base = _override_rates(0, entry)
        rates = [base, *(_override_rates(int(tier["input_tokens"]), tier) for tier in tiers)]
    except (KeyError, TypeError, ValueError) as error:
        raise PricesError(
            f"{where} ({entry['model']}): prices are numbers >= 0 and `input` must be there ({error})"
        ) from error
    return Override(
        model=strip_provider(entry["model"]),
        provider=entry.get("provider"),
        from_=from_,
        until=until,
        rates=tuple(sorted(rates, key=lambda tier: tier.above)),
        context_window=window,
    )


def _override_rates(above: int, entry: Mapping[str, Any]) -> Rates:
    fresh = _per_token(entry["input"])
    cached = entry.get("cached_input")
    output = entry.get("output")
    return Rates(
        above=above,
        input=fresh,
        cached_input=fresh if cached is None else _per_token(cached),
        cache_write=fresh,
        output=None if output is None else _per_token(output),
    )


def _per_token(per_million: Any) -> float:
    value = float(per_million)
    if isinstance(per_million, bool) or not 0 <= value < float("inf"):
        raise ValueError(f"{per_million!r} is no price")
    return value / 1e6


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
