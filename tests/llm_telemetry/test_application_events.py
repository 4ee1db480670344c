"""Deployments change what later calls record, and values outside the contract are refused."""

from __future__ import annotations

from recorded_telemetry import CALLER, ENDPOINT, TRACE_ID, Recorded

import llm_telemetry as lt


def builds(recorded: Recorded) -> list[tuple[str, str]]:
    return [
        (sample.labels["version"], sample.labels["prompt_version"])
        for family in recorded.registry.collect()
        for sample in family.samples
        if sample.name == "llm_build_info" and sample.value == 1
    ]


def test_a_deployment_changes_the_build_series_and_later_prompt_versions(recorded: Recorded) -> None:
    def call() -> None:
        with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    call()
    lt.record_deployment(version="1.5.0", prompt_version="v8")
    assert builds(recorded) == [("1.5.0", "v8")]
    call()
    lt.record_deployment(prompt_version="v9")
    assert builds(recorded) == [("1.5.0", "v9")], "the version stays"
    with lt.request_context(**CALLER):
        lt.record_cache(True)
    lt.record_deployment(version="1.6.0")
    assert builds(recorded) == [("1.6.0", "v9")], "the prompt version stays"
    assert [line["prompt_version"] for line in recorded.lines()] == ["v7", "v8", "v9"]
    assert [span.attributes["llm.prompt_version"] for span in recorded.spans("generate")] == ["v7", "v8"]


def test_a_generation_keeps_the_prompt_version_that_it_began_with(recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o"):
        lt.record_deployment(prompt_version="v8")
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
    assert [line["prompt_version"] for line in recorded.lines()] == ["v7"]


def test_values_outside_the_contract_are_not_recorded(recorded: Recorded) -> None:
    lt.record_rejection("no such reason", endpoint=ENDPOINT)
    lt.record_safety_violation("no such kind", endpoint=ENDPOINT)
    lt.record_feedback("sideways", trace_id=TRACE_ID)
    lt.record_feedback("up", trace_id="not hexadecimal")
    assert recorded.changed() == {'llm_telemetry_failures_total{signal="metric"}': 4}
