"""Words, stems and stop words, by which answers and embeddings compare texts."""

import re
from functools import lru_cache

# At most 40 characters: a longer run is not a word and would fill the cache of stems.
_WORD = re.compile(r"[a-z0-9]{1,40}|[^\W_]{1,40}")

_STOPWORDS = """
    a about after again all also am an and any are as at be because been before being between both but by can could
    did do does doing don down during each few for from further get had has have having he her here him his how i if in
    into is it its just me more most my no nor not now of off on once only or other our out over own please same she
    should so some such tell than that the their them then there these they this those through to too under until up us
    very was we were what when where which while who whom why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Remove common English endings, so that `rotating keys` and `rotate a key` have the same stems."""
    for ending, replacement in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + replacement
    return word


def all_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def content_words(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in all_words(text) if word not in STOPWORDS and len(word) > 1)
