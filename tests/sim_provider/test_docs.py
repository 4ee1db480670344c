"""docs/sim-provider.md lists every fault, parameter and ledger field, and its commands work."""

import json
import re
import shlex
from pathlib import Path

import pytest
from sim_live import Live

from sim_provider.faults import FAULTS
from sim_provider.ledger import LedgerEntry

DOCS = (Path(__file__).parents[2] / "docs" / "sim-provider.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^curl (?:[^\n']|'[^']*')*", DOCS, re.MULTILINE)


def test_fault_table_has_every_fault_and_parameter_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", DOCS, re.MULTILINE)
    documented = {name: re.findall(r"`(\w+)` \(", parameters) for name, parameters in rows if name in FAULTS}
    assert documented == {name: list(fault.parameters) for name, fault in FAULTS.items()}
    assert list(documented) == list(FAULTS)


def test_ledger_table_has_every_field() -> None:
    ledger = DOCS[DOCS.index("## The ledger") : DOCS.index("## In tests")]
    assert [name for name in LedgerEntry.__slots__ if f"`{name}`" not in ledger] == []


def test_every_fault_has_a_command() -> None:
    assert set(re.findall(r"/admin/faults/(\w+) +-d", DOCS)) == set(FAULTS)


@pytest.mark.parametrize("command", COMMANDS, ids=[re.sub(r"\s+", " ", command)[5:60] for command in COMMANDS])
def test_every_command_works(live: Live, command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"
    content = words[words.index("-d") + 1] if "-d" in words else None
    url = next(word for word in words if word.startswith("localhost:9999")).replace("localhost:9999", live.url)
    answer = live.http.request(method, url, content=content)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.text)
