"""What stands, what was, and what a silence is made of."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alert_sink.client import Deliveries
from console.alerts.active_alerts import ActiveAlert, active_alerts, by_name, dashboard_path, in_state
from console.alerts.history import ended, firing_periods, overlapping
from console.alerts.links import links_of, runbook_of
from console.alerts.silencing import InvalidSilence, SilenceRequest, expired, length_of, matches, running, written
from console.alerts.snapshot import read
from console.services import Services, use
from console.settings import ConsoleSettings
from console.times import Span
from stores import StoreUnreachable
from stores.alerts import Alert, Matcher, Silence
from stores.metric_results import Rule, RuleAlert

T0 = 1_795_530_185.0  # 2026-11-24T14:23:05Z
HERE = {"service": "demo-app", "endpoint": "/a"}


def rule(name: str, *alerts: RuleAlert, for_s: float = 120.0) -> Rule:
    return Rule("g", "f", name, "alerting", f"{name} > 1", {}, "ok", "", for_s=for_s, alerts=alerts)


def active(name: str, state: str = "firing", severity: str = "critical", **labels: str) -> RuleAlert:
    said = {"alertname": name, "severity": severity, "team": "application", **HERE, **labels}
    return RuleAlert(name, state, 0.34, said, {"description": "34 % failed", "summary": "Too many fail."}, T0)


def held(of: RuleAlert, state: str = "active", **changes: Any) -> Alert:
    made: dict[str, Any] = {
        "name": of.name, "labels": of.labels, "annotations": of.annotations, "state": state, "starts": T0 + 120,
        "ends": T0 + 900, "silenced_by": (), "inhibited_by": (), "receivers": (), "fingerprint": of.name.lower(),
        "generator_url": "",
    }  # fmt: skip
    return Alert(**(made | changes))


def a_silence(state: str = "active", ends: float = T0 + 3600, ident: str = "s1") -> Silence:
    return Silence(ident, (Matcher("alertname", "LLMHighErrorRate"),), state, T0, ends, "ann", "known")


@pytest.mark.parametrize(
    ("description", "unit"),
    [
        ("{{ $labels.service }}: {{ $value | humanizePercentage }} of 20 failed", "percentunit"),
        ("longer than {{ $value | printf `%.0f` }} ms", "ms"),
        ("an hour costs {{ $value | printf `%.2f` }} US dollars", "currencyUSD"),
        ("checked {{$value|humanizeDuration}} ago", "s"),
        ("{{ $value | humanize1024 }}B wait", "bytes"),
        ("{{ $value | humanize }} msgs, {{ $values }}", "short"),
        ("nothing of a value", "short"),
        ("", "short"),
    ],
)
def test_a_value_has_the_unit_that_the_rules_text_gives_it(description: str, unit: str) -> None:
    loaded = rule("LLMHighErrorRate", active("LLMHighErrorRate"))
    [alert] = active_alerts([replace(loaded, annotations={"description": description})], [], [])
    assert alert.unit == unit


def test_each_alert_stands_once_with_what_either_server_knows() -> None:
    fires, waits = active("LLMHighErrorRate"), active("LLMLatencyHigh", "pending")
    found = active_alerts([rule("LLMHighErrorRate", fires), rule("LLMLatencyHigh", waits)], [held(fires)], [])
    assert [(one.name, one.state, one.value) for one in found] == [
        ("LLMHighErrorRate", "firing", 0.34),
        ("LLMLatencyHigh", "pending", 0.34),
    ]
    firing, pending = found
    assert firing.since == T0 + 120  # fired, and not: began to be true
    assert (pending.since, pending.for_s) == (T0, 120)
    assert firing.scope == {"endpoint": "/a", "service": "demo-app"}
    assert firing.said == "34 % failed"
    assert firing.expression == "LLMHighErrorRate > 1"


def test_what_is_silenced_or_inhibited_says_by_what() -> None:
    one, other = active("LLMHighErrorRate"), active("LLMLatencyHigh", severity="warning")
    found = active_alerts(
        [rule("LLMHighErrorRate", one), rule("LLMLatencyHigh", other)],
        [held(one, "suppressed", silenced_by=("s1",)), held(other, "suppressed", inhibited_by=("llmerrorratehigh",))],
        [a_silence()],
    )
    assert [alert.state for alert in found] == ["silenced", "inhibited"]
    assert found[0].silences == (a_silence(),)
    assert found[1].inhibited_by == ("LLMHighErrorRate",)
    assert in_state(found, "firing") == []


def test_an_alert_of_another_prometheus_stands_too_and_the_watchdog_does_not() -> None:
    foreign = held(active("DiskFull", severity=""), annotations={})
    watchdog = active("StackWatchdog", severity="info")
    found = active_alerts([rule("StackWatchdog", watchdog)], [foreign, held(watchdog)], [])
    assert [(one.name, one.value, one.said) for one in found] == [("DiskFull", None, "")]


def test_labels_that_prometheus_adds_when_it_sends_make_no_second_alert() -> None:
    fires = active("LLMHighErrorRate")
    [one] = active_alerts(
        [rule("LLMHighErrorRate", fires)], [held(fires, labels={**fires.labels, "cluster": "eu"})], []
    )
    assert one.scope["cluster"] == "eu"


def test_the_worst_comes_first_and_one_name_is_together() -> None:
    alerts = [active("B", severity="warning"), active("A", severity="warning"), active("C"), active("A", model="m")]
    found = active_alerts([rule(one.name, one) for one in alerts], [], [])
    assert [one.name for one in found] == ["A", "C", "A", "B"]
    assert {name: len(group) for name, group in by_name(found).items()} == {"A": 2, "C": 1, "B": 1}
    assert len({one.key for one in found}) == 4


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://localhost:3000/d/llm-cost?var-model=a%2Fb&from=now-1h", "/d/llm-cost?var-model=a%2Fb&from=now-1h"),
        ("https://grafana.example/d/x", "/d/x"),
        ("/d/x?y", "/d/x?y"),
        ("javascript:alert(1)//d/x", ""),
        ("http://[", ""),
        ("http://localhost:3000/explore", ""),
        ("//evil.example/d/x", "/d/x"),
        ("", ""),
    ],
)
def test_a_dashboard_opens_here_and_nowhere_else(url: str, path: str) -> None:
    assert dashboard_path(url) == path


def delivered(status: str, start: float, *, end: float | None = None, name: str = "LLMHighErrorRate") -> dict[str, Any]:
    return {
        "fingerprint": f"{name}f", "alert": name, "status": status, "starts_at": start, "ends_at": end,
        "received_at": start + 130, "severity": "critical", "team": "application", "description": "34 %",
        "summary": "s", "scope": HERE, "deliveries": 2, "trace_id": None, "annotations": {},
    }  # fmt: skip


def test_begin_and_end_are_one_incident() -> None:
    newest_first = [
        delivered("firing", T0 + 900),
        delivered("resolved", T0, end=T0 + 300),
        delivered("firing", T0),
        delivered("firing", T0, name="StackWatchdog"),
    ]
    found = firing_periods(newest_first)
    assert [(one.start, one.end) for one in found] == [(T0 + 900, None), (T0, T0 + 300)]
    assert ended(found, T0 + 300) == [found[1]]
    assert ended(found, T0 + 301) == []
    assert overlapping(found, Span(T0 + 310, T0 + 2000), T0 + 3000) == [found[0]]
    assert overlapping(found, Span(T0 - 100, T0 + 10), T0 + 3000) == [found[1]]


def test_an_end_without_a_time_ended_when_it_was_said() -> None:
    [one] = firing_periods([delivered("resolved", T0)])
    assert one.end == T0 + 130


# --- silences ------------------------------------------------------------------------------------------------------


def test_a_wish_becomes_a_matcher_per_label() -> None:
    wish = SilenceRequest.of({"model": "m", "alertname": "A"}, 3600, " why ", " ")
    assert wish.matchers == (Matcher("alertname", "A"), Matcher("model", "m"))
    assert (wish.comment, wish.author) == ("why", "console")


@pytest.mark.parametrize(
    ("labels", "seconds", "comment", "author", "said"),
    [
        ({}, 60, "c", "a", "every alert would be silenced"),
        ({"a": "b"}, 0, "c", "a", "up to 30 days"),
        ({"a": "b"}, float("nan"), "c", "a", "up to 30 days"),
        ({"a": "b"}, 31 * 86_400, "c", "a", "up to 30 days"),
        ({"a": "b"}, 60, "  ", "a", "Say why"),
        ({"a": "b"}, 60, "c" * 1001, "a", "1000 characters"),
        ({"a": "b"}, 60, "c", "a" * 101, "1000 characters"),
    ],
)
def test_a_wish_that_lacks_something_says_what(
    labels: dict[str, str], seconds: float, comment: str, author: str, said: str
) -> None:
    with pytest.raises(InvalidSilence, match=said):
        SilenceRequest.of(labels, seconds, comment, author)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("4 h", 14_400), ("1.5d", 129_600), ("30 min", 1800), (" 1W ", 604_800)]
)
def test_lengths(text: str, seconds: float) -> None:
    assert length_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "4", "-4h", "1e9h", "4 hours", "4h 30m", "٤h"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(InvalidSilence, match="write one such as"):
        length_of(text)


@pytest.mark.parametrize(
    ("matcher", "holds"),
    [
        (Matcher("model", "m"), True),
        (Matcher("model", "x"), False),
        (Matcher("model", "x", is_equal=False), True),
        (Matcher("model", "m|n", is_regex=True), True),
        (Matcher("model", "m", is_equal=False, is_regex=True), False),
        (Matcher("absent", ""), True),
        (Matcher("model", "(?P<", is_regex=True), False),
    ],
)
def test_whether_a_silence_holds(matcher: Matcher, holds: bool) -> None:
    assert matches([matcher], {"model": "m"}) is holds


def test_silences_that_hold_and_that_are_over() -> None:
    silences = [a_silence(ends=T0 + 900, ident="a"), a_silence(ends=T0 + 60, ident="b"), a_silence("expired", T0, "c")]
    assert [one.id for one in running(silences)] == ["b", "a"]
    assert [one.id for one in expired(silences, T0 - 1)] == ["c"]
    assert expired(silences, T0 + 1) == []
    assert written(Matcher("model", "a.*", is_equal=False, is_regex=True)) == "model!~a.*"


# --- servers that do not answer --------------------------------------------------------------------------------------


class Answers:
    """Something whose methods give what they were made with; an error is raised."""

    def __init__(self, **answers: Any) -> None:
        for name, answer in answers.items():
            setattr(self, name, lambda *_, answer=answer, **__: _given(answer))


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def services(rules: Any, alerts: Any, silences: Any, deliveries: Any) -> Services:
    from concurrent.futures import ThreadPoolExecutor

    stores = SimpleNamespace(metrics=Answers(rules=rules), alerts=Answers(alerts=alerts, silences=silences))
    return Services(ConsoleSettings(), stores, Answers(deliveries=deliveries), ThreadPoolExecutor(4))  # type: ignore[arg-type]


async def test_a_server_that_does_not_answer_leaves_its_part_out() -> None:
    fires, gone = active("LLMHighErrorRate"), StoreUnreachable("prometheus", "http://x", "refused")
    without_prometheus = await read(services(gone, [held(fires)], [], Deliveries([], {"age_s": 3})))
    assert [(one.name, one.state, one.value) for one in without_prometheus.alerts] == [
        ("LLMHighErrorRate", "firing", None)
    ]
    assert without_prometheus.prometheus is gone
    assert not without_prometheus.blind
    without_alertmanager = await read(services([rule("LLMHighErrorRate", fires)], gone, gone, gone))
    assert [one.state for one in without_alertmanager.alerts] == ["firing"]
    assert (without_alertmanager.alertmanager, without_alertmanager.sink) == (gone, gone)
    assert (await read(services(gone, gone, [], Deliveries([], {})))).blind


async def test_that_nothing_fires_is_said_only_where_prometheus_says_it() -> None:
    gone, beat = StoreUnreachable("prometheus", "http://x", "refused"), Deliveries([], {"age_s": 3})
    fires = active("LLMHighErrorRate")
    both = await read(services([], [], [], beat))
    assert not any(both.unknown(state) for state in ("firing", "pending", "silenced"))
    forgotten = await read(services(gone, [], [], beat))  # Alertmanager was told of nothing for a while
    assert all(forgotten.unknown(state) for state in ("firing", "pending", "silenced"))
    told = await read(services(gone, [held(fires)], [], beat))
    assert (told.unknown("firing"), told.unknown("pending")) == (False, True)
    no_silences = await read(services([], gone, gone, beat))
    assert (no_silences.unknown("firing"), no_silences.unknown("silenced", "inhibited")) == (False, True)


async def test_what_is_no_answer_of_a_store_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        await read(services(ZeroDivisionError(), [], [], Deliveries([], {})))


# --- where to look next ----------------------------------------------------------------------------------------------


def test_links_of_an_alert() -> None:
    use(services([], [], [], Deliveries([], {})))
    labels = {"alertname": "LLMHighErrorRate", "severity": "critical", **HERE}
    urls = {"dashboard_url": "http://localhost:3000/d/llm-incident?var-endpoint=%2Fa"}
    alert = ActiveAlert("LLMHighErrorRate", "firing", labels, urls, T0, expression="a > 1")
    links = dict(links_of(alert))
    assert links["Dashboard"] == "/d/llm-incident?var-endpoint=%2Fa"
    assert links["Log lines"].startswith("/logs?service=demo-app&")
    assert "field.status=error" in links["Log lines"]
    assert links["Traces"].startswith("/traces?service=demo-app&")
    assert "error=true" in links["Traces"]
    assert f"from={(T0 - 900) * 1000:.0f}" in links["Traces"]
    assert links["Expression"] == "/query?expr=a+%3E+1"
    assert dict(links_of(ActiveAlert("StackTargetDown", "firing", {}, {}, T0))) == {}


def test_the_runbook_is_ours_else_where_the_alert_says_else_none() -> None:
    assert runbook_of("LLMHighErrorRate", {}, "http://x/") == "/runbooks/LLMHighErrorRate"
    about = {"service": "my app", "endpoint": "/a", "model": "m"}
    assert runbook_of("LLMHighErrorRate", about) == "/runbooks/LLMHighErrorRate?service=my+app&model=m"
    assert runbook_of("DiskFull", about, "https://wiki.example/disk") == "https://wiki.example/disk"
    assert runbook_of("DiskFull", {}, "javascript:alert(1)") == ""
