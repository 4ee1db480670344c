"""What the users ask: a few popular questions, many that are asked once, some long ones, and prompt injections."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import yaml

from demo_app.articles import example_questions
from demo_app.schemas import MAX_QUESTION_LENGTH

# Tenants and their shares of the requests; "": users without a tenant.
TENANTS = (("acme", 0.6), ("globex", 0.25), ("initech", 0.1), ("", 0.05))
USERS_PER_TENANT = 200

_POPULAR = 12  # questions that many users ask; the first is the most frequent (Zipf)
_INJECTIONS = Path(__file__).parent.parent / "demo_app" / "injection_examples.yaml"
# Sentences that make a question longer.
_FILLER = (
    "We have had this since the update last week and two colleagues saw the same.",
    "The site has three buildings, the second one was added in spring.",
    "I tried it in another browser and on my phone, and restarted the hub.",
    "A recipient complained at the desk this morning and would like an answer today.",
    "Our contract was taken over from the previous owner of the building.",
    "The locker shows a green light and the app says that it is offline.",
)


def question(repeats: float, chance: random.Random) -> str:
    """A question; `repeats` is the share of popular ones."""
    if chance.random() < repeats:
        popular = example_questions()[:_POPULAR]
        return chance.choices(popular, [1 / (rank + 1) for rank in range(len(popular))])[0]
    # Heavy-tailed (Pareto): most have at most one more sentence, 1 in 100 has a page. The number makes each unique.
    sentences = min(int(chance.paretovariate(1.2)) - 1, 60)
    filler = " ".join(chance.choice(_FILLER) for _ in range(sentences))
    text = chance.choice(example_questions())
    return f"{text} {filler} Our reference is {chance.randrange(10**9)}."[:MAX_QUESTION_LENGTH].strip()


@cache
def _attacks() -> tuple[str, ...]:
    return tuple(yaml.safe_load(_INJECTIONS.read_text(encoding="utf-8"))["attacks"])


def injection(chance: random.Random) -> str:
    return chance.choice(_attacks())


def tenant(chance: random.Random) -> str:
    return chance.choices([name for name, _ in TENANTS], [share for _, share in TENANTS])[0]
