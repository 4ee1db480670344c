"""The resource is marked as native, or a warning names the variable to set."""

from __future__ import annotations

from own_process import CALL, SDK, run


def test_a_resource_that_cannot_be_marked_logs_one_warning() -> None:
    done = run(f"""
{CALL}{SDK}
TracerProvider._update_resource = None
set_up()
lt.configure("svc")
call()
""")
    assert done.stderr.count("OTEL_RESOURCE_ATTRIBUTES=llm.telemetry.native=true") == 1


def test_a_resource_that_is_marked_already_logs_nothing() -> None:
    done = run(
        f"""
{CALL}{SDK}
TracerProvider._update_resource = None
set_up()
lt.configure("svc")
""",
        OTEL_RESOURCE_ATTRIBUTES="llm.telemetry.native=true",
    )
    assert done.stderr == ""
