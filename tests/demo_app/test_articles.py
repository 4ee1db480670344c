"""The corpus has enough articles with unique ids, and example questions."""

from __future__ import annotations

from demo_app.articles import articles, corpus_version, example_questions


def test_the_corpus_has_articles_and_example_questions() -> None:
    assert len(articles()) >= 60
    assert len({article.id for article in articles()}) == len(articles())
    assert len(corpus_version()) == 16
    assert len(example_questions()) > 50
