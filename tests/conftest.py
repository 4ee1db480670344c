"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--running-stack", action="store_true", help="run the live tests against the stack that `make up` started"
    )
