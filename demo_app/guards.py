"""What is checked before a question goes to a model, and before an answer is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from demo_app.failures import BadInput, CutOffAnswer, EmptyAnswer, FilteredAnswer, LeakedPrompt, UnknownSource
from demo_app.prompts import CANARY
from llm_telemetry import names, record_safety_violation

# Attempts to give the model other instructions. Judged by what they ask for, not by single words:
# "ignore the previous invoice" is a customer's question.
_INSTRUCTIONS = (
    r"(?:previous|prior|above|earlier|preceding|system|initial|original|hidden|your|all|any|developer|safety)"
    r"(?:\s+\w+){0,2}\s+"
    r"(?:instructions?|prompts?|rules?|guidelines?|directives?|polic(?:y|ies)|restrictions?|guardrails|filters?)"
)
_INJECTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:ignore|disregard|forget|override|bypass|skip|drop|discard|stop following)\b.{{0,40}}\b{_INSTRUCTIONS}",
        rf"\b(?:reveal|show|print|repeat|output|display|tell|give|quote|translate|encode|write)\b.{{0,40}}\b{_INSTRUCTIONS}",
        r"\bsystem\s+prompt\b",
        r"\byou\s+are\s+(?:now|no\s+longer)\b|\bfrom\s+now\s+on\s+you\b|\bact\s+as\s+(?:an?\s+)?(?:unrestricted|evil|jailbroken|dan)\b",
        r"\b(?:DAN|developer|god|debug|jailbreak)\s+mode\b|\bjailbr[eo]ak|\bdo\s+anything\s+now\b",
        r"<\|?\s*/?\s*(?:system|im_start|im_end|assistant)\b|\[/?INST\]|^\s*#{0,3}\s*system\s*:",
        r"\b(?:pretend|imagine|role-?play)\b.{0,60}\b(?:no|without|unrestricted|ignore)\b",
        r"\bnew\s+instructions?\s*:",
    )
)  # fmt: skip

# What no support question contains. A provider's own filter is the larger net; this one costs nothing.
_FORBIDDEN = re.compile(
    r"\b(?:build|make|assemble)\b.{0,30}\b(?:bomb|explosives?|nerve agent)\b"
    r"|\bkill\s+(?:myself|yourself|him|her|them)\b",
    re.IGNORECASE,
)
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_CITATION = re.compile(r"\[(\d+)\]")


def check_question(question: str) -> str:
    """The question as the model may see it: card numbers masked.

    Raises:
        BadInput: it tries to give the model instructions, or asks for what we do not talk about.
    """
    if is_injection(question):
        record_safety_violation("prompt_injection")
        raise BadInput("The question tries to change our instructions.", "Ask about the product, in plain words.")
    if _FORBIDDEN.search(question):
        record_safety_violation("content_filter")
        raise BadInput("This is nothing that we can talk about.", "Ask about the product.")
    masked = _CARD.sub(lambda match: "[card]" if _is_card(match[0]) else match[0], question)
    if masked != question:
        record_safety_violation("pii")
    return masked


def is_injection(question: str) -> bool:
    """Whether `question` tries to give the model other instructions."""
    spaced_out = re.sub(r"\b(\w)[ .\-_](?=\w\b)", r"\1", question)  # "i g n o r e" is "ignore"
    return any(pattern.search(text) for pattern in _INJECTIONS for text in {question, spaced_out})


def check_part(text: str) -> None:
    """Check what has come of an answer so far, before more of it is shown.

    Raises:
        LeakedPrompt: it repeats the system prompt.
    """
    if CANARY in text:
        raise LeakedPrompt


def check_answer(text: str, finish_reason: str | None, sources: Sequence[object]) -> None:
    """Check a whole answer.

    Raises:
        UnusableAnswer: of the kind that says why.
    """
    check_part(text)
    if finish_reason is None:
        raise CutOffAnswer
    if finish_reason == names.CONTENT_FILTER:
        raise FilteredAnswer
    if not text.strip():
        raise EmptyAnswer
    if any(not 1 <= int(number) <= len(sources) for number in _CITATION.findall(text)):
        raise UnknownSource


def _is_card(digits: str) -> bool:
    """Whether the check digit is right (Luhn, ISO/IEC 7812-1)."""
    numbers = [int(digit) for digit in digits if digit.isdigit()][::-1]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0
