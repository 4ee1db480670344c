"""The same seed and requests give the same answers and faults, in any order."""

import asyncio

from sim_live import Live, ask

QUESTIONS = ["When do API keys expire?", "How many requests per minute?", "How long are backups kept?"] * 4


def _answers(live: Live, questions: list[str], **options: object) -> list[tuple[str, str]]:
    with live.client() as client:
        replies = [
            client.chat.completions.create(model="gpt-4o", messages=ask(q), extra_body=options) for q in questions
        ]
    return sorted((q, r.choices[0].message.content or "") for q, r in zip(questions, replies, strict=True))


async def _answers_at_once(live: Live, questions: list[str]) -> list[tuple[str, str]]:
    async with live.async_client() as client:
        replies = await asyncio.gather(
            *(client.chat.completions.create(model="gpt-4o", messages=ask(q)) for q in questions)
        )
    return sorted((q, r.choices[0].message.content or "") for q, r in zip(questions, replies, strict=True))


async def test_order_and_concurrency_do_not_matter(start) -> None:
    one_by_one = _answers(start(), QUESTIONS)
    assert _answers(start(), QUESTIONS[::-1]) == one_by_one
    assert await _answers_at_once(start(), QUESTIONS) == one_by_one
    assert len({text for _, text in one_by_one}) > 3, "repeating a question should vary the answer"


def test_another_seed_gives_other_answers(start) -> None:
    assert _answers(start(seed=1), QUESTIONS) != _answers(start(seed=2), QUESTIONS)


def test_seed_and_temperature_0_repeat_the_answer(live: Live) -> None:
    for options in ({"seed": 11}, {"temperature": 0}):
        answers = _answers(live, [QUESTIONS[0]] * 8, **options)
        assert len(set(answers)) == 1


def test_faults_hit_the_same_requests(start) -> None:
    runs = []
    for questions in (QUESTIONS, QUESTIONS[::-1]):
        live = start()
        live.fault("empty_answer", probability=0.5)
        runs.append([text == "" for _, text in _answers(live, questions)])
    assert sorted(runs[0]) == sorted(runs[1])
    assert 0 < sum(runs[0]) < len(QUESTIONS)
