"""Parses the prompt of a retrieval application: instructions, numbered passages and a question."""

import re
from dataclasses import dataclass
from functools import lru_cache

from sim_provider.words import content_words

_PASSAGE = re.compile(r"^\[(\d{1,3})\][ \t]*(.*)$", re.MULTILINE)
_QUESTION = re.compile(r"^[ \t]*(?:user )?question[ \t]*:", re.IGNORECASE | re.MULTILINE)
_LABEL = re.compile(
    r"^[ \t]*(?:context|documents|documentation|passages|sources)[ \t]*:[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(`])|\n+")
_BULLET = re.compile(r"^(?:[-*+#>]+|\d+[.)])\s+")

MIN_SENTENCE_WORDS = 3
# Characters. A longer passage is split each time and not cached, so that the cache stays small.
MAX_CACHED_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a request. `text` joins the parts of its content."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the context. Answers cite it by `number`; None if it has no number."""

    number: int | None
    title: str
    title_words: frozenset[str]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    question: str
    question_words: frozenset[str]
    passages: tuple[Passage, ...]
    system_prompt: str
    context: str


def parse_prompt(messages: list[Message]) -> ParsedPrompt:
    """Find the question and the context.

    The question follows the last `Question:` of the last user message; without that label, it is the whole message or
    the paragraph beside the context.
    """
    system = "\n\n".join(message.text for message in messages if message.role in ("system", "developer"))
    user_texts = [message.text for message in messages if message.role == "user"] or [messages[-1].text]
    context, question = _split_question(user_texts[-1])
    texts = [system, *user_texts[:-1], context]
    texts += [message.text for message in messages if message.role in ("tool", "function")]
    passages = [passage for text in texts for passage in _numbered_passages(text)]
    if not passages:
        passages = _paragraphs(context) + _paragraphs(_after_label(system))
    return ParsedPrompt(question, content_words(question), tuple(passages), system, "\n".join(texts))


def _split_question(text: str) -> tuple[str, str]:
    """Split the last user message into (context, question)."""
    labels = list(_QUESTION.finditer(text))
    if labels:
        rest = text[labels[-1].end() :]
        # The context may also follow the question.
        below = min((mark.start() for mark in (_PASSAGE.search(rest), _LABEL.search(rest)) if mark), default=len(rest))
        return text[: labels[-1].start()] + rest[below:], _until_answer_label(rest[:below])
    if _PASSAGE.search(text) or _LABEL.search(text):
        head, _, last = text.rstrip().rpartition("\n\n")
        if head and not _PASSAGE.match(last):
            return head, last.strip()
        first, _, rest = text.partition("\n")
        return rest, first.strip()
    return "", text.strip()


def _until_answer_label(text: str) -> str:
    return re.split(r"\n[ \t]*answer[ \t]*:", text, maxsplit=1, flags=re.IGNORECASE)[0].strip()


def _after_label(text: str) -> str:
    label = _LABEL.search(text)
    return text[label.end() :] if label else ""


def _numbered_passages(text: str) -> list[Passage]:
    """Find passages: `[1] Title` and the lines up to the next number. `[1] A sentence.` alone has no title."""
    marks = list(_PASSAGE.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return [
        _passage(int(mark[1]), mark[2].strip(), text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]


def _passage(number: int, first_line: str, rest: str) -> Passage:
    title, text = (first_line, rest) if rest else ("", first_line)
    return Passage(number, title, content_words(title), _sentences(text))


def _paragraphs(text: str) -> list[Passage]:
    pieces = [piece for piece in re.split(r"\n\s*\n", _LABEL.sub("", text)) if piece.strip()]
    return [Passage(None, "", frozenset(), _sentences(piece)) for piece in pieces]


def _sentences(text: str) -> tuple[Sentence, ...]:
    return _cached_sentences(text) if len(text) <= MAX_CACHED_LENGTH else _split_sentences(text)


def _split_sentences(text: str) -> tuple[Sentence, ...]:
    pieces = (_BULLET.sub("", piece.strip()) for piece in _SENTENCE_END.split(text))
    return tuple(Sentence(piece, content_words(piece)) for piece in pieces if len(piece.split()) >= MIN_SENTENCE_WORDS)


_cached_sentences = lru_cache(maxsize=512)(_split_sentences)
