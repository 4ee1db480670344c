"""Proves that the users' questions have the intended distribution, and pass or fail the application's guard."""

from __future__ import annotations

import random
from collections import Counter

from demo_app.guards import check_question
from demo_app.schemas import MAX_QUESTION_LENGTH
from loadtest import questions


def test_a_third_of_the_questions_is_popular_and_the_first_most_of_all() -> None:
    chance = random.Random(1)
    asked = [questions.question(0.35, chance) for _ in range(4000)]
    counts = Counter(asked)
    assert 0.30 < sum(count for count in counts.values() if count > 5) / len(asked) < 0.40
    [(_, first), (_, second)] = counts.most_common(2)
    assert first > 1.4 * second


def test_lengths_are_heavy_tailed() -> None:
    chance = random.Random(1)
    lengths = sorted(len(questions.question(0.35, chance)) for _ in range(4000))
    assert max(lengths) <= MAX_QUESTION_LENGTH
    assert lengths[-20] > 8 * lengths[len(lengths) // 2]


def test_tenants_differ_in_size() -> None:
    chance = random.Random(1)
    tenants = Counter(questions.tenant(chance) for _ in range(2000))
    assert tenants["acme"] > 2 * tenants["globex"] > 2 * tenants["initech"] > 0


def test_the_guard_refuses_injections_and_no_other_question() -> None:
    chance = random.Random(2)
    for _ in range(500):
        check_question(questions.question(0.35, chance))
    refused = 0
    for _ in range(200):
        try:
            check_question(questions.injection(chance))
        except Exception:
            refused += 1
    assert refused > 150
