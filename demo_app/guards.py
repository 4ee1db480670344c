"""Checks of questions before a model gets them, and of answers before a user gets them."""

import re
from collections.abc import Sequence

from demo_app.failures import BadInput, CutOffAnswer, EmptyAnswer, FilteredAnswer, LeakedPrompt, UnknownSource
from demo_app.injection import is_injection
from demo_app.prompts import CANARY
from llm_telemetry import names, record_safety_violation

# Content that no support question contains. The provider's own filter finds more; this check costs nothing.
_FORBIDDEN = re.compile(
    r"\b(?:build|make|assemble)\b.{0,30}\b(?:bomb|explosives?|nerve agent)\b"
    r"|\bkill\s+(?:myself|yourself|him|her|them)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\b\d(?:[ -]?\d){12,}\b")
_CITATION = re.compile(r"\[(\d+)\]")


def check_question(question: str) -> str:
    """Return the question for the model, with card numbers masked.

    Raises BadInput: the question is a prompt injection or asks for forbidden content.
    """
    if is_injection(question):
        record_safety_violation("prompt_injection")
        raise BadInput("The question tries to change our instructions.", "Ask about the product, in plain words.")
    if _FORBIDDEN.search(question):
        record_safety_violation("content_filter")
        raise BadInput("We cannot answer questions on this subject.", "Ask about the product.")
    masked = _DIGITS.sub(_mask_card, question)
    if masked != question:
        record_safety_violation("pii")
    return masked


def check_part(text: str) -> None:
    """Check a streamed answer so far, before more is shown. Raises LeakedPrompt: it repeats the system prompt."""
    if CANARY in text:
        record_safety_violation("prompt_injection")
        raise LeakedPrompt


def check_answer(text: str, finish_reason: str | None, sources: Sequence[object]) -> None:
    """Check a whole answer. Raises UnusableAnswer: its subclass says why the answer must not be shown."""
    check_part(text)
    if finish_reason is None:
        raise CutOffAnswer
    if finish_reason == names.CONTENT_FILTER:
        raise FilteredAnswer
    if not text.strip():
        raise EmptyAnswer
    if any(not 1 <= int(number) <= len(sources) for number in _CITATION.findall(text)):
        raise UnknownSource


def _mask_card(match: re.Match[str]) -> str:
    """Mask the card number in a match. Other groups of digits (an expiry date) may stand before and after it."""
    groups = re.split(r"([ -])", match[0])
    for start in range(0, len(groups), 2):
        for end in range(len(groups), start, -2):
            digits = "".join(groups[start:end:2])
            if 13 <= len(digits) <= 19 and _is_card(digits):
                return "".join([*groups[:start], "[card]", *groups[end:]])
    return match[0]


def _is_card(digits: str) -> bool:
    """Whether the check digit is correct (Luhn, ISO/IEC 7812-1)."""
    numbers = [int(digit) for digit in digits if digit.isdigit()][::-1]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0
