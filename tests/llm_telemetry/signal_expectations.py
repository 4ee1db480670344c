"""Builders for expected series, spans and log lines. The defaults are those of ANSWER, in the request CALLER."""

from __future__ import annotations

from typing import Any

from recorded_telemetry import ANSWER_COST, ENDPOINT, LABELS, series

from llm_telemetry import names
from llm_telemetry.privacy import Hasher

USER = Hasher("salt").user("user-4711")


PROMPT = "How do I reset it?"


PROMPT_HASH = Hasher("salt").prompt(PROMPT)


MINI = "gpt-4o-mini"


MINI_COST = 823 * 0.15e-6 + 1024 * 0.075e-6 + 312 * 0.6e-6


def sample(name: str, amount: float = 1, /, **labels: str) -> dict[str, float]:
    """One sample of a series. Labels that are not given have the values of LABELS."""
    base = name.removesuffix("_count").removesuffix("_sum")
    metric = next(metric for metric in names.METRICS if metric.name in (name, base))
    return {series(name, **{label: labels.get(label) or LABELS[label] for label in metric.labels}): amount}


def tokens(model: str = "gpt-4o", times: int = 1, **labels: str) -> dict[str, float]:
    """The token counters after `times` times ANSWER."""
    return {
        **sample("llm_input_tokens_total", 1847 * times, model=model, **labels),
        **sample("llm_output_tokens_total", 312 * times, model=model, **labels),
        **sample("llm_cached_input_tokens_total", 1024 * times, model=model, **labels),
    }


def context(model: str = "gpt-4o", times: int = 1) -> dict[str, float]:
    """The context utilisation after `times` times ANSWER; the context window has 128,000 tokens."""
    return {
        **sample("llm_context_utilisation_ratio_count", times, model=model),
        **sample("llm_context_utilisation_ratio_sum", times * 1847 / 128_000, model=model),
    }


def latency(ms: float, model: str = "gpt-4o", name: str = "llm_latency_ms") -> dict[str, float]:
    """One observation of a latency in milliseconds."""
    return {**sample(f"{name}_count", model=model), **sample(f"{name}_sum", ms, model=model)}


USERS = {**sample("llm_active_users"), **sample("llm_active_users", endpoint="all")}


SCOPE = {"llm.endpoint": ENDPOINT, "llm.tenant_id": "acme", "llm.user_id": USER}


USAGE = {
    "gen_ai.usage.input_tokens": 1847,
    "gen_ai.usage.output_tokens": 312,
    "gen_ai.usage.cache_read.input_tokens": 1024,
    "llm.input_tokens": 1847,
    "llm.output_tokens": 312,
}


ANSWERED = {
    **USAGE,
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.finish_reasons": ("stop",),
    "llm.cost_usd": ANSWER_COST,
    "llm.cost_source": "table",
}


def chat(ms: float, model: str = "gpt-4o", attempt: int = 1, **more: Any) -> tuple[str, dict[str, Any]]:
    """A `chat` span."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "llm.model": model,
        "llm.latency_ms": ms,
        "llm.attempt": attempt,
        "llm.prompt_version": "v7",
        **SCOPE,
    }
    return f"chat {model}", {**attributes, **more}


def generate(ms: float, status: str = "ok", model: str = "gpt-4o", **more: Any) -> tuple[str, dict[str, Any]]:
    """A `generate` span."""
    attributes = {
        "llm.model": model,
        "llm.status": status,
        "llm.latency_ms": ms,
        "llm.prompt_version": "v7",
        **SCOPE,
    }
    return "generate", {**attributes, **more}


def failed(error_type: str) -> dict[str, str]:
    """The attribute of a failed span."""
    return {"error.type": error_type}


def line(**fields: Any) -> dict[str, Any]:
    """An `llm_call` line. Fields that are not given are null."""
    base = {
        "level": "info",
        "event": "llm_call",
        "service": "svc",
        "endpoint": ENDPOINT,
        "user_id": USER,
        "tenant_id": "acme",
        "model": "gpt-4o",
        "cache_hit": False,
        "prompt_version": "v7",
        "attempts": 1,
        "status": "ok",
    }
    return {**dict.fromkeys(names.LOG_FIELDS), **base, **fields}


ANSWERED_LINE = {
    "model_version": "gpt-4o-2024-08-06",
    "input_tokens": 1847,
    "output_tokens": 312,
    "cost_usd": ANSWER_COST,
    "cost_source": "table",
    "finish_reason": "stop",
}
