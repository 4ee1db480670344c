"""Records the model calls of an application: metrics, spans and log lines, linked by trace id.

    import llm_telemetry

    llm_telemetry.configure("support-api", version="1.4.0", prompt_version="v7")

    with llm_telemetry.observe_llm_call("gpt-4o", provider="openai", endpoint="/answer") as call:
        call.record_response(client.chat.completions.create(model="gpt-4o", messages=messages))

Recording never raises into the application, never changes what the application returns and never delays a
stream. Only `configure` raises: at start, if it cannot use a file.
"""

from llm_telemetry.application_events import (
    evaluation_link,
    record_cache,
    record_content,
    record_deployment,
    record_evaluation,
    record_feedback,
    record_rejection,
    record_safety_violation,
    register_breaker,
    set_queue_capacity,
)
from llm_telemetry.content_store import Content, ContentStore
from llm_telemetry.generation import Generation, observe_generation
from llm_telemetry.llm_call import LLMCall, observe_llm_call
from llm_telemetry.prices import Cost, Prices, PricesError, Usage
from llm_telemetry.request_context import RequestContext, request_context
from llm_telemetry.retrieval import Retrieval, observe_retrieval
from llm_telemetry.settings import Settings, SettingsError, load_settings
from llm_telemetry.telemetry import Telemetry, configure, exposition

__all__ = [
    "Content",
    "ContentStore",
    "Cost",
    "Generation",
    "LLMCall",
    "Prices",
    "PricesError",
    "RequestContext",
    "Retrieval",
    "Settings",
    "SettingsError",
    "Telemetry",
    "Usage",
    "configure",
    "evaluation_link",
    "exposition",
    "load_settings",
    "observe_generation",
    "observe_llm_call",
    "observe_retrieval",
    "record_cache",
    "record_content",
    "record_deployment",
    "record_evaluation",
    "record_feedback",
    "record_rejection",
    "record_safety_violation",
    "register_breaker",
    "request_context",
    "set_queue_capacity",
]
