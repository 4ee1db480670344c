"""`/metrics` speaks OpenMetrics or text, and adds up the processes of multi-process mode."""

from __future__ import annotations

from pathlib import Path

from own_process import CALL, REQUESTS, SDK, run
from recorded_telemetry import Recorded

import llm_telemetry


def test_format_follows_the_accept_header(recorded: Recorded) -> None:
    assert "openmetrics-text" in llm_telemetry.exposition("application/openmetrics-text;version=1.0.0")[1]
    assert llm_telemetry.exposition("")[1].startswith("text/plain")


def test_multi_process_mode_adds_processes_without_exemplars_and_scrape_gauges(tmp_path: Path) -> None:
    code = f"""
{CALL}{SDK}
import logging
logging.basicConfig()
set_up()
lt.configure("svc", version="1")
lt.configure("svc", version="2")
lt.register_breaker("openai", "gpt-4o", lambda: 0)
lt.record_evaluation(evaluator="e", endpoint="/api/support/answer", model="gpt-4o", trace_id="1" * 32,
                     span_id="1" * 16, faithfulness=1.0)
call()
print("\\n".join(value("llm_")))
"""
    first = run(code, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    second = run(code, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert first.stderr.count("multi-process mode") == 1
    assert "llm_active_users, llm_answer_relevance_score, llm_circuit_breaker_state" in first.stderr
    assert REQUESTS % "svc" in first.stdout
    assert (REQUESTS % "svc").replace(" 1.0", " 2.0") in second.stdout  # of both processes
    assert "llm_active_users" not in first.stdout
    assert "# {" not in first.stdout  # no exemplars
