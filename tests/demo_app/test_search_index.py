"""The index of the articles, and retrieval from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest
from demo_live import ANSWER, App, Provider, Start, series, wait_for

import demo_app.search_index
from demo_app.articles import articles, example_questions
from demo_app.search_index import SearchIndex
from sim_provider.vectors import embed_words

DIMENSION = 64


def vector(text: str) -> list[float]:
    return list(embed_words(text, DIMENSION))


def build(directory: Path, name: str = "model") -> SearchIndex:
    index = SearchIndex(directory, name)
    index.build([vector(f"{article.title} {article.text}") for article in articles()])
    return index


def test_an_index_is_used_again(tmp_path: Path) -> None:
    assert not SearchIndex(tmp_path, "model").ready
    built = build(tmp_path)
    again = SearchIndex(tmp_path, "model")
    assert again.ready
    assert built.dimension == again.dimension == DIMENSION
    assert len(list(tmp_path.iterdir())) == 1


def test_other_embeddings_need_another_index(tmp_path: Path) -> None:
    build(tmp_path)
    other = SearchIndex(tmp_path, "other model")
    assert not other.ready
    assert other.dimension is None


def test_other_articles_need_another_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    monkeypatch.setattr(demo_app.search_index, "corpus_version", lambda: "changed")
    assert not SearchIndex(tmp_path, "model").ready


def test_a_new_index_removes_the_old_index(tmp_path: Path) -> None:
    build(tmp_path)
    build(tmp_path, "new model")
    assert not SearchIndex(tmp_path, "model").ready
    assert SearchIndex(tmp_path, "new model").ready


def test_failed_build_leaves_the_old_index(tmp_path: Path) -> None:
    index = build(tmp_path)
    with pytest.raises(ValueError, match="zip"):
        index.build([vector("one")])
    assert index.by_meaning(vector("parcel"), 1)
    assert SearchIndex(tmp_path, "model").ready


def test_connections_are_read_only(tmp_path: Path) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        build(tmp_path)._connection().execute("DELETE FROM words")


def test_threads_have_connections_of_their_own(tmp_path: Path) -> None:
    index = build(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: index.by_meaning(vector("door"), 3), range(64)))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("k", [1, 4, 24, 1_000])
@pytest.mark.parametrize("by", ["meaning", "words", "words without an index"])
def test_results_are_sorted_and_limited(tmp_path: Path, k: int, by: str) -> None:
    index = SearchIndex(tmp_path, "model") if "without" in by else build(tmp_path)
    question = "How do I open a locker door when the parcel of a tenant is inside?"
    found = index.by_meaning(vector(question), k) if by == "meaning" else index.by_words(question, k)
    scores = [item.score for item in found]
    assert (
        len(found)
        == len({item.article.id for item in found})
        == min(k, len(articles()) if by == "meaning" else len(found))
    )
    assert len(found) <= k
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    if by != "meaning":
        assert scores[0] == 1


def test_score_of_the_same_text_is_one(tmp_path: Path) -> None:
    index = build(tmp_path)
    article = articles()[7]
    (found,) = index.by_meaning(vector(f"{article.title} {article.text}"), 1)
    assert found.article == article
    assert 0.999 < found.score <= 1


def test_vector_of_another_dimension(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="dimension 64, the question 3"):
        build(tmp_path).by_meaning([1.0, 0.0, 0.0], 4)


def test_with_a_broken_file_search_goes_by_words(tmp_path: Path) -> None:
    build(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"no database")
    index = SearchIndex(tmp_path, "model")
    with pytest.raises(LookupError):
        index.by_meaning(vector("door"), 4)
    assert index.by_words("Where is the invoice?", 4)


@pytest.mark.parametrize("question", ["", "?", "a b", "___", "''\"", "NEAR AND OR NOT", "為什麼門打不開"])
def test_questions_without_usable_words_do_not_raise(tmp_path: Path, question: str) -> None:
    assert len(build(tmp_path).by_words(question, 4)) <= 4


def test_every_example_question_finds_articles_by_words(tmp_path: Path) -> None:
    index = build(tmp_path)
    found = [bool(index.by_words(question, 4)) for question in example_questions()]
    assert all(found)


def healthy(app: App) -> bool:
    return app.http.get(app.url + "/healthz").status_code == 200


def test_index_is_built_at_the_start(start: Start, provider: Provider) -> None:
    app = start(index=False)
    wait_for(lambda: healthy(app), "the index is not built")
    embedded = provider.entries("embeddings")
    assert len(embedded) == -(-len(articles()) // 32)
    unknown = {"endpoint": "unknown", "model": "text-embedding-3-small"}
    assert app.metrics()[series("llm_embedding_requests_total", **unknown, status="ok")] >= 2


def test_index_is_not_built_again(start: Start, provider: Provider) -> None:
    start()
    assert provider.entries() == []


def test_index_is_built_again_for_another_dimension(start: Start, provider: Provider, tmp_path: Path) -> None:
    app = start(embedding_dimensions=64)
    assert len(provider.entries("embeddings")) == 2
    (file,) = (tmp_path / "data").glob("articles-*.sqlite")
    assert file.stem.endswith("-64")
    provider.fault("server_error", model="gpt-4o-mini")
    assert app.ask().json()["sources"][0]["score"] < 1, "by meaning"


def test_index_is_built_again_for_another_provider(start: Start, slow_provider: Provider, tmp_path: Path) -> None:
    """Vectors of two providers cannot be compared, even if model name and dimension are equal."""
    start()
    assert len(slow_provider.entries("embeddings")) == 2


def test_the_index_is_built_when_the_provider_is_back(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo_app.app._INDEX_RETRY_S", 0.01)
    provider.fault("server_error", model="text-embedding-3-small")
    app = start(index=False)
    wait_for(lambda: provider.entries(), "the provider was not asked")
    answer = app.http.get(app.url + "/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "starting", "index": "being built"})
    assert app.ask().status_code == 200, "until then retrieval goes by words"
    provider.without_faults()
    wait_for(lambda: healthy(app) or app.metrics()[BREAKER] == 2, "the index is not built")


BREAKER = series("llm_circuit_breaker_state", provider="openai", model="text-embedding-3-small")


@pytest.mark.parametrize("fault", ["server_error", "rate_limit", "connection_reset", "truncated_stream", "timeout"])
def test_without_a_vector_retrieval_goes_by_words(start: Start, provider: Provider, fault: str) -> None:
    app = start(read_timeout_s=0.15)
    provider.fault(fault, model="text-embedding-3-small")
    answer = app.ask().json()
    assert len(answer["sources"]) == 4
    assert answer["sources"][0]["score"] == 1
    assert app.total("llm_requests_total", status="ok") == 1
    assert app.total("llm_errors_total") == 0
    assert app.changed("llm_embedding_requests_total") == {
        series("llm_embedding_requests_total", endpoint=ANSWER, model="text-embedding-3-small", status="error"): 1
    }
    assert app.total("llm_retrieval_latency_ms_count", endpoint=ANSWER) == 1
    assert app.span("embeddings text-embedding-3-small").attributes["error.type"]
    assert "error.type" not in app.span("retrieval").attributes


def test_embeddings_have_a_breaker(start: Start, provider: Provider) -> None:
    app = start(breaker_failures=2)
    provider.fault("server_error", model="text-embedding-3-small")
    for number in range(4):
        assert app.ask(f"Where is parcel {number}?").status_code == 200
    assert len(provider.entries("embeddings")) == 2
    assert app.metrics()[BREAKER] == 2
    assert app.metrics()[series("llm_circuit_breaker_state", provider="openai", model="gpt-4o")] == 0


@pytest.mark.parametrize("top_k", [1, 7])
def test_an_answer_has_top_k_sources(start: Start, provider: Provider, top_k: int) -> None:
    app = start(top_k=top_k, summary_top_k=top_k + 1)
    assert len(app.ask().json()["sources"]) == top_k
    assert len(app.summarise().json()["sources"]) == top_k + 1


def test_embeddings_without_usage(app: App, provider: Provider) -> None:
    provider.fault("usage_omitted", model="text-embedding-3-small")
    app.ask()
    assert app.total("llm_usage_unknown_total", endpoint=ANSWER, model="text-embedding-3-small") == 1
    assert app.total("llm_input_tokens_total", model="text-embedding-3-small") == 0
