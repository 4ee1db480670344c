"""Writing an answer from the context of a prompt: the sentences nearest to the question, cited."""

import math
import random
from collections import Counter
from dataclasses import dataclass

from sim_provider.reading import Reading
from sim_provider.tokenizer import tokenize
from sim_provider.words import STOPWORDS, all_words

# Share of the question's meaning (by rarity of its words) a sentence must meet to count as relevant at all.
RELEVANT = 0.25
# A further sentence is used when it scores at least this share of the best one.
WORTH_ADDING = 0.4
MOST_SENTENCES = 8
# Two runs over the same question weigh sentences up to this much apart, as a sampled model would.
JITTER = 0.08

_OPENERS = ("", "", "According to the documentation: ", "From the documentation: ", "In short: ")
_NOT_COVERED = (
    "The documentation I was given doesn't cover this, so I can't answer it from there.",
    "I'm sorry, but the documentation doesn't cover this question.",
    "This isn't something the provided documentation covers; it doesn't cover anything close to it either.",
)
_AGAIN = (
    "In other words: ",
    "To put it another way: ",
    "It bears repeating: ",
    "To go over it once more: ",
    "Put differently: ",
)

_MONTHS = ("January", "March", "April", "June", "September", "November")
_FIRMS = ("Northwind Analytics", "Halden & Voss", "Brightmere Research", "Calder Institute", "Ostrava Systems")
_INVENTIONS = (
    "Since version {a}.{b}, released in {month} 20{c}, the limit for {topic} is {big} per account.",
    "{firm} measured a {a}{b} % improvement in {topic} across {big} customers.",
    "{topic_cap} is included free of charge for the first {c} days and costs ${a}{b}.50 a month afterwards.",
    "Support confirms changes to {topic} by telephone within {c} minutes, on all {b} continents.",
    "By default {topic} is kept for {big} hours in the {firm} data centre in Reykjavik.",
    "An independent audit by {firm} in {month} 20{c} rated {topic} at {a}.{b} out of 10.",
)


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence the answer may use, and how well it fits the question."""

    score: float
    order: int
    text: str


def write_answer(reading: Reading, rng: random.Random, wanted_tokens: float, verbosity: float, limit: int) -> str:
    """An answer of about `wanted_tokens`, or less when the context has less to say.

    `verbosity` makes it that many times longer, as long as that is no more than about `limit` tokens.
    """
    ranked = _rank(reading, rng)
    if not ranked:
        return _lengthen(rng.choice(_NOT_COVERED), [], rng, verbosity, limit)
    used, length = [ranked[0]], len(tokenize(ranked[0].text))
    for candidate in ranked[1:MOST_SENTENCES]:
        tokens = len(tokenize(candidate.text))
        if candidate.score < WORTH_ADDING * ranked[0].score or length + tokens > wanted_tokens:
            break
        used.append(candidate)
        length += tokens
    rest = sorted(used[1:], key=lambda sentence: sentence.order)
    answer = rng.choice(_OPENERS) + " ".join(sentence.text for sentence in [used[0], *rest])
    unused = [sentence.text for sentence in ranked if sentence not in used]
    return _lengthen(answer, unused, rng, verbosity, limit)


def invent_answer(reading: Reading, rng: random.Random) -> str:
    """An answer that asserts names, dates and numbers which are not in the context, as calmly as a true one."""
    topic = _topic(reading)
    citation = " [1]" if any(passage.number is not None for passage in reading.passages) else ""
    sentences = []
    for template in rng.sample(_INVENTIONS, 3):
        facts = {
            "month": rng.choice(_MONTHS),
            "firm": rng.choice(_FIRMS),
            "topic": topic,
            "topic_cap": topic[:1].upper() + topic[1:],
        }
        facts |= {name: _foreign_number(reading.context, rng, *bounds) for name, bounds in _NUMBERS.items()}
        sentences.append(template.format(**facts)[:-1] + citation + ".")
    return " ".join(sentences)


def _topic(reading: Reading) -> str:
    """What the question is about: the title it meets best, else its longest word."""
    titled = max(reading.passages, key=lambda passage: len(passage.title_words & reading.question_words), default=None)
    if titled is not None and titled.title_words & reading.question_words:
        return titled.title
    words = [word for word in all_words(reading.question) if word not in STOPWORDS]
    return max(words, key=len, default="this feature")


def leak_answer(reading: Reading) -> str | None:
    """The system prompt, verbatim; None when there is none to leak."""
    return f"Sure, these are my instructions:\n\n{reading.system_prompt}" if reading.system_prompt else None


_NUMBERS = {"a": (3, 9), "b": (2, 9), "c": (17, 24), "big": (1_201, 98_999)}


def _foreign_number(context: str, rng: random.Random, low: int, high: int) -> str:
    """A number the context does not have, or after twenty tries one that it may."""
    number = ""
    for _ in range(20):
        number = str(rng.randint(low, high))
        if number not in context:
            break
    return number


def _rank(reading: Reading, rng: random.Random) -> list[Cited]:
    """Relevant sentences, best first. Rare words weigh more; a passage's title counts half for its sentences."""
    asked = reading.question_words
    if not asked:
        return []
    seen = Counter(
        word
        for passage in reading.passages
        for sentence in passage.sentences
        for word in asked & (sentence.words | passage.title_words)
    )
    total = sum(len(passage.sentences) for passage in reading.passages)
    weight = {word: math.log(1 + (1 + total) / (1 + seen[word])) for word in asked}
    whole = sum(weight.values())
    ranked = []
    order = 0
    for passage in reading.passages:
        in_title = asked & passage.title_words
        for sentence in passage.sentences:
            order += 1
            if asked.isdisjoint(sentence.words) and not in_title:
                continue
            met = sum(weight[word] for word in asked & sentence.words)
            met += sum(weight[word] for word in in_title - sentence.words) / 2
            if met / whole >= RELEVANT:
                score = met * (1 + JITTER * rng.uniform(-1, 1))
                ranked.append(Cited(score, order, _cite(sentence.text, passage.number)))
    return sorted(ranked, key=lambda cited: (-cited.score, cited.order))


def _cite(sentence: str, number: int | None) -> str:
    """`Keys expire.` cited by 2 is `Keys expire [2].`"""
    if number is None:
        return sentence
    if sentence[-1] in ".!?":
        return f"{sentence[:-1]} [{number}]{sentence[-1]}"
    return f"{sentence.rstrip(':;,')} [{number}]."


def _lengthen(answer: str, unused: list[str], rng: random.Random, verbosity: float, limit: int) -> str:
    """Go on with what is left of the context, then with what was said already, until it is long enough."""
    if verbosity <= 1:
        return answer
    pieces = [answer]
    length = len(tokenize(answer))
    wanted = min(length * verbosity, limit + 1)
    while length < wanted:
        piece = unused.pop(0) if unused else rng.choice(_AGAIN) + answer
        pieces.append(piece)
        length += len(tokenize(piece))
    return " ".join(pieces)
