"""Question and context are found in every layout, and the answer comes from them."""

import pytest
from openai import OpenAI
from sim_live import ask


def test_a_question_outside_the_context_is_not_answered(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=ask("Who painted the ceiling in Rome?"))
    content = answer.choices[0].message.content or ""
    assert "documentation" in content
    assert "doesn't cover" in content
    assert "[" not in content


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("Context:\n{facts}\n\nQuestion: {question}\nAnswer:", "The Lisbon office opens at nine."),
        ("Question: {question}\n\nContext:\n{facts}", "The Lisbon office opens at nine."),
        ("[4] Offices\n{facts}\n\n{question}", "The Lisbon office opens at nine [4]."),
        ("{question}\n[4] Offices\n{facts}", "The Lisbon office opens at nine [4]."),
        ("Question: {question}\n\n[4] {facts}", "The Lisbon office opens at nine [4]."),
    ],
)
def test_context_and_question_in_one_message_are_told_apart(client: OpenAI, prompt: str, sentence: str) -> None:
    facts = "The Lisbon office opens at nine. Nobody may park a bus."
    prompt = prompt.format(facts=facts, question="When does the Lisbon office open?")
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
    assert sentence in (answer.choices[0].message.content or "")
    assert "bus" not in (answer.choices[0].message.content or "")
