"""A tokenizer of our own: a regular expression, so counts are repeatable and nothing is downloaded.

It is not OpenAI's: on English prose it comes out within about 15 % of it, on code and other scripts further off.
"""

import re

# Letters in runs of 8, digits in threes, punctuation in threes, each with the space before it; white space in runs;
# anything outside ASCII two characters at a time. The last branch takes what is left, so no character is lost.
_TOKEN = re.compile(r" ?[A-Za-z]{1,8}| ?[0-9]{1,3}| ?[!-/:-@\[-`{-~]{1,3}|\s+|[^\x00-\x7f]{1,2}|[\s\S]")


def tokenize(text: str) -> list[str]:
    """Split text into tokens; joined again they are the text."""
    return _TOKEN.findall(text)
