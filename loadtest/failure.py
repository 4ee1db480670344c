"""The error that ends a load test."""

from __future__ import annotations

from stack.failure import StackFailure


class LoadFailure(StackFailure):
    """A scenario cannot be run, or not to its end."""
