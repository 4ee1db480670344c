"""Cost of a model call.

Prices come from the table of the package `genai-prices`; dated entries in prices.yaml override it. A look-up in
the table takes 65 us, so found rates are cached. The cost in US dollars is

    (input - cached - written) * p_in + cached * p_cached + written * p_written + output * p_out

with token counts and prices per token; output includes reasoning tokens. A model without a price has the cost
None, never 0.
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

from llm_telemetry.names import COST_REPORTED, COST_TABLE, COST_UNPRICED, UNKNOWN
from llm_telemetry.settings import read_yaml, strip_provider

# genai_prices is imported inside functions: it takes 20 MB, which a process that only uses names does not need.
if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice

PRICES_FILE_VARIABLE = "LLM_TELEMETRY_PRICES"
DEFAULT_PRICES_FILE = Path(__file__).with_name("prices.yaml")

# Seconds that a rate is cached. Some prices change during the day, at the earliest every half hour (2026-11).
RATE_LIFETIME_S = 900

# Provider names of OpenTelemetry (gen_ai.provider.name) for which the price table uses another name.
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
# Units that a table entry may price besides text tokens. No usage that is read here contains them.
_UNUSED_UNITS = ("web_searches_", "storage_searches_", "input_audio", "output_audio", "cache_audio", "input_image",
                 "output_image", "cache_image", "input_video", "output_video", "audio_hours", "cache_write_1h_",
                 "input_document", "input_annotated", "output_reasoning_", "output_citation_")  # fmt: skip
_TEXT_UNITS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "requests_kcount")


class PricesError(ValueError):
    """The prices file cannot be used. The message names the file, the entry and what to write instead."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call.

    `input_tokens` includes tokens read from and written to the provider's cache. `output_tokens` includes
    reasoning tokens.
    """

    input_tokens: int
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost in US dollars, or None if no price is known. `source` is one of names.COST_SOURCES."""

    dollars: float | None
    source: str


UNPRICED = Cost(None, COST_UNPRICED)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per token, for calls with more than `above` input tokens. None: that kind of token has no price."""

    above: int
    input: float | None
    cached_input: float | None
    cache_write: float | None
    output: float | None
    per_request: float = 0.0


@dataclass(frozen=True)
class Override:
    """One entry of prices.yaml. It is valid from the day `from_` to the day before `until`."""

    model: str
    provider: str | None
    from_: date
    until: date
    rates: tuple[Rates, ...]
    context_window: int | None

    def applies_to(self, model: str, provider: str, day: date) -> bool:
        return self.model == model and self.provider in (None, provider) and self.from_ <= day < self.until


class Prices:
    """The price table with overrides. Thread-safe: nothing changes after it was created."""

    def __init__(self, file: Path | None = None) -> None:
        """Read the overrides from `file`, else from $LLM_TELEMETRY_PRICES, else from prices.yaml in this folder.

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
        """Return the cost of one call, in US dollars.

        Args:
            model: as requested; a provider prefix is allowed.
            usage: the tokens of the call.
            provider: a value of `gen_ai.provider.name`.
            at: the time of the call, with a time zone. Default: now.
            reported: a cost in US dollars that the provider or a gateway reported. It is used as it is, unless
                it is 0, which gateways report when they do not know the cost.
        """
        if reported:
            return Cost(float(reported), COST_REPORTED)
        moment = at.timestamp() if at else time.time()
        return _apply(self._rates_of(model, provider, int(moment // RATE_LIFETIME_S)), usage)

    def table_timestamp(self) -> float:
        """Return when the prices in use were last known to be right, in Unix seconds.

        This is the release date of the pinned table. If genai-prices has updated itself, it is the time of the
        update. If another version than the pinned one is installed, it is the newest price change in its table
        that is not in the future.
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

    def _context_window(self, model: str, provider: str = UNKNOWN) -> int | None:  # in tokens
        override = self._override_for(model, provider, datetime.now(UTC).date())
        if override and override.context_window:
            return override.context_window
        info = _table_entry(model, provider)
        return info.context_window if info else None

    def _override_for(self, model: str, provider: str, day: date) -> Override | None:
        name = strip_provider(model)
        return next((entry for entry in reversed(self._overrides) if entry.applies_to(name, provider, day)), None)


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
    """Find `model` in the table, first by its full name: some gateways have model names with a `/`."""
    provider_id = None if provider == UNKNOWN else TABLE_PROVIDERS.get(provider, provider)
    for name in (model, strip_provider(model)):
        with suppress(LookupError):
            return _table().find_provider_model(name, None, provider_id, None)[1]
    return None


def _table_rates(price: ModelPrice) -> tuple[Rates, ...]:
    """Return the rates by prompt length, or nothing if the entry prices a unit that is not counted here."""
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
    content = read_yaml(file, PRICES_FILE_VARIABLE, PricesError) or {}
    if not isinstance(content, dict) or not isinstance(content.get("overrides") or [], list):
        raise PricesError(f"{file}: must be a mapping with a list `overrides`")
    if unknown := set(content) - {"table", "overrides"}:
        raise PricesError(f"{file}: unknown {sorted(map(str, unknown))}; known are table, overrides")
    table = content.get("table") or {}
    if not isinstance(table, dict) or (table and not _is_day(table.get("released"))):
        raise PricesError(f"{file}: `table` needs `version` and `released`, a date such as 2024-05-13")
    return content


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


_ENTRY_KEYS = {"model", "provider", "from", "until", "input", "cached_input", "output", "context_window", "above"}


def _override(file: Path, number: int, entry: Any) -> Override:
    where = f"{file}: override {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
        raise PricesError(f"{where}: must be a mapping with a `model`")
    where += f" ({entry['model']})"
    if unknown := set(entry) - _ENTRY_KEYS:
        raise PricesError(f"{where}: unknown {sorted(map(str, unknown))}; known are {sorted(_ENTRY_KEYS)}")
    from_, until = entry.get("from", date.min), entry.get("until", date.max)
    if not _is_day(from_) or not _is_day(until) or from_ >= until:
        raise PricesError(f"{where}: `from` must be a date before `until`, such as 2024-05-13")
    tiers = entry.get("above") or []
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) and "input_tokens" in tier for tier in tiers):
        raise PricesError(f"{where}: `above` must be a list of mappings with `input_tokens`")
    window = entry.get("context_window")
    if window is not None and (not isinstance(window, int) or isinstance(window, bool) or window <= 0):
        raise PricesError(f"{where}: `context_window` must be a number of tokens")
    try:
        base = _override_rates(0, entry)
        rates = [base, *(_override_rates(int(tier["input_tokens"]), tier) for tier in tiers)]
    except (KeyError, TypeError, ValueError) as error:
        raise PricesError(f"{where}: prices are numbers >= 0, and `input` must be there ({error})") from error
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
        raise ValueError(f"{per_million!r} is not a price")
    return value / 1e6


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
