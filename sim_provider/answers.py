"""Writes an answer from the context of a prompt: the sentences that fit the question best, with citations."""

import math
import random
from collections import Counter
from dataclasses import dataclass

from sim_provider.prompt_parser import ParsedPrompt
from sim_provider.tokenizer import tokenize
from sim_provider.words import STOPWORDS, all_words

# A sentence is relevant if its words make up at least this share of the question's words, weighted by rarity.
MIN_RELEVANCE = 0.25
# A further sentence is used when it scores at least this share of the best one.
MIN_SHARE_OF_BEST = 0.4
MAX_SENTENCES = 8
# Scores vary by up to this share from answer to answer, as the answers of a sampled model vary.
JITTER = 0.08

_OPENERS = ("", "", "According to the documentation: ", "From the documentation: ", "In short: ")
_NOT_COVERED = (
    "The documentation I was given doesn't cover this, so I can't answer it from there.",
    "I'm sorry, but the documentation doesn't cover this question.",
    "This isn't something the provided documentation covers; it doesn't cover anything close to it either.",
)
_REPETITION_OPENERS = (
    "In other words: ",
    "To put it another way: ",
    "It bears repeating: ",
    "To go over it once more: ",
    "Put differently: ",
)

_MONTHS = ("January", "March", "April", "June", "September", "November")
_COMPANIES = ("Northwind Analytics", "Halden & Voss", "Brightmere Research", "Calder Institute", "Ostrava Systems")
_INVENTED_SENTENCES = (
    "Since version {a}.{b}, released in {month} 20{c}, the limit for {topic} is {big} per account.",
    "{firm} measured a {a}{b} % improvement in {topic} across {big} customers.",
    "{topic_cap} is included free of charge for the first {c} days and costs ${a}{b}.50 a month afterwards.",
    "Support confirms changes to {topic} by telephone within {c} minutes, on all {b} continents.",
    "By default {topic} is kept for {big} hours in the {firm} data centre in Reykjavik.",
    "An independent audit by {firm} in {month} 20{c} rated {topic} at {a}.{b} out of 10.",
)


@dataclass(frozen=True, slots=True)
class RankedSentence:
    """A sentence of the context with its citation, and its score for the question. `order` is its position."""

    score: float
    order: int
    text: str


def write_answer(prompt: ParsedPrompt, rng: random.Random, wanted_tokens: float, verbosity: float, limit: int) -> str:
    """Write an answer of about `wanted_tokens` tokens, or a shorter one if few sentences are relevant.

    The answer is then made `verbosity` times longer, up to about `limit` tokens.
    """
    ranked = _rank(prompt, rng)
    if not ranked:
        return _lengthen(rng.choice(_NOT_COVERED), [], rng, verbosity, limit)
    used, length = [ranked[0]], len(tokenize(ranked[0].text))
    for candidate in ranked[1:MAX_SENTENCES]:
        tokens = len(tokenize(candidate.text))
        if candidate.score < MIN_SHARE_OF_BEST * ranked[0].score or length + tokens > wanted_tokens:
            break
        used.append(candidate)
        length += tokens
    rest = sorted(used[1:], key=lambda sentence: sentence.order)
    answer = rng.choice(_OPENERS) + " ".join(sentence.text for sentence in [used[0], *rest])
    unused = [sentence.text for sentence in ranked if sentence not in used]
    return _lengthen(answer, unused, rng, verbosity, limit)


def invent_answer(prompt: ParsedPrompt, rng: random.Random) -> str:
    topic = _topic(prompt)
    citation = " [1]" if any(passage.number is not None for passage in prompt.passages) else ""
    sentences = []
    for template in rng.sample(_INVENTED_SENTENCES, 3):
        facts = {
            "month": rng.choice(_MONTHS),
            "firm": rng.choice(_COMPANIES),
            "topic": topic,
            "topic_cap": topic[:1].upper() + topic[1:],
        }
        facts |= {name: _number_not_in(prompt.context, rng, *bounds) for name, bounds in _NUMBER_RANGES.items()}
        sentences.append(template.format(**facts)[:-1] + citation + ".")
    return " ".join(sentences)


def _topic(prompt: ParsedPrompt) -> str:
    """Return the passage title that shares most words with the question, else the question's longest word."""
    titled = max(prompt.passages, key=lambda passage: len(passage.title_words & prompt.question_words), default=None)
    if titled is not None and titled.title_words & prompt.question_words:
        return titled.title
    words = [word for word in all_words(prompt.question) if word not in STOPWORDS]
    return max(words, key=len, default="this feature")


_NUMBER_RANGES = {"a": (3, 9), "b": (2, 9), "c": (17, 24), "big": (1_201, 98_999)}


def _number_not_in(context: str, rng: random.Random, low: int, high: int) -> str:
    """Draw a number that is not in the context. After 20 attempts, return any number."""
    number = ""
    for _ in range(20):
        number = str(rng.randint(low, high))
        if number not in context:
            break
    return number


def _rank(prompt: ParsedPrompt, rng: random.Random) -> list[RankedSentence]:
    """Return the relevant sentences, best first.

    A sentence's score is the weight of the question's words in it, plus half the weight of those in its passage's
    title. A word's weight is its inverse document frequency, log(1 + (1 + sentences) / (1 + sentences with the word)).
    """
    question_words = prompt.question_words
    if not question_words:
        return []
    sentences_with = Counter(
        word
        for passage in prompt.passages
        for sentence in passage.sentences
        for word in question_words & (sentence.words | passage.title_words)
    )
    sentences = sum(len(passage.sentences) for passage in prompt.passages)
    weights = {word: math.log(1 + (1 + sentences) / (1 + sentences_with[word])) for word in question_words}
    question_weight = sum(weights.values())
    ranked = []
    order = 0
    for passage in prompt.passages:
        in_title = question_words & passage.title_words
        for sentence in passage.sentences:
            order += 1
            if question_words.isdisjoint(sentence.words) and not in_title:
                continue
            weight = sum(weights[word] for word in question_words & sentence.words)
            weight += sum(weights[word] for word in in_title - sentence.words) / 2
            if weight / question_weight >= MIN_RELEVANCE:
                score = weight * (1 + JITTER * rng.uniform(-1, 1))
                ranked.append(RankedSentence(score, order, _cite(sentence.text, passage.number)))
    return sorted(ranked, key=lambda sentence: (-sentence.score, sentence.order))


def _cite(sentence: str, number: int | None) -> str:
    """Add the citation before the full stop: `Keys expire.` with number 2 becomes `Keys expire [2].`"""
    if number is None:
        return sentence
    if sentence[-1] in ".!?":
        return f"{sentence[:-1]} [{number}]{sentence[-1]}"
    return f"{sentence.rstrip(':;,')} [{number}]."


def _lengthen(answer: str, unused: list[str], rng: random.Random, verbosity: float, limit: int) -> str:
    """Append unused sentences, then repetitions of the answer, until it is `verbosity` times as long."""
    if verbosity <= 1:
        return answer
    pieces = [answer]
    length = len(tokenize(answer))
    wanted = min(length * verbosity, limit + 1)
    while length < wanted:
        piece = unused.pop(0) if unused else rng.choice(_REPETITION_OPENERS) + answer
        pieces.append(piece)
        length += len(tokenize(piece))
    return " ".join(pieces)
