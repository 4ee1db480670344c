"""Search in the articles with SQLite: by meaning (sqlite-vec), or by words (FTS5) if there is no embedding.

The file's name contains the provider, model and dimension of the embeddings and the version of the corpus, so a
change of any of them builds a new file. `apsw` brings an SQLite that can load extensions; Python's own often cannot.
"""

import os
import re
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import apsw
import sqlite_vec

from demo_app.articles import Article, articles, corpus_version


@dataclass(frozen=True)
class FoundArticle:
    article: Article
    score: float  # similarity to the question, 0 to 1


class SearchIndex:
    """Reads with one read-only connection per thread. `build` writes a new file beside the old one."""

    def __init__(self, directory: Path, embeddings: str) -> None:
        """`embeddings` names provider, model and dimension of the vectors. Only equal names can be compared."""
        self._directory = directory
        self._embeddings = embeddings
        self._by_id = {article.id: article for article in articles()}
        self._file: Path | None = next(iter(directory.glob(f"{self._prefix()}-*.sqlite")), None)
        self._local = threading.local()

    @property
    def ready(self) -> bool:
        return self._file is not None

    @property
    def dimension(self) -> int | None:
        """The dimension of the vectors; None if there is no index."""
        return int(self._file.stem.rsplit("-", 1)[1]) if self._file else None

    def build(self, vectors: Sequence[Sequence[float]]) -> None:
        """Write an index with the articles' vectors, in the order of `articles()`, and use it.

        Raises OSError, apsw.Error: the file cannot be written. The previous index stays in use.
        """
        dimension = len(vectors[0])
        self._directory.mkdir(parents=True, exist_ok=True)
        file = self._directory / f"{self._prefix()}-{dimension}.sqlite"
        draft = file.with_suffix(f".{os.getpid()}.draft")
        draft.unlink(missing_ok=True)
        database = _open(draft, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        with database:
            database.execute("CREATE VIRTUAL TABLE words USING fts5(id UNINDEXED, title, text, tokenize='porter')")
            vector = f"embedding float[{dimension}] distance_metric=cosine"
            database.execute(f"CREATE VIRTUAL TABLE meanings USING vec0(id TEXT, {vector})")
            for article, embedding in zip(articles(), vectors, strict=True):
                database.execute("INSERT INTO words VALUES (?, ?, ?)", (article.id, article.title, article.text))
                database.execute("INSERT INTO meanings (id, embedding) VALUES (?, ?)", (article.id, _packed(embedding)))
        database.close()
        draft.replace(file)
        self._file = file
        for old in self._directory.glob("articles-*.sqlite"):
            if old != file:
                old.unlink(missing_ok=True)

    def by_meaning(self, vector: Sequence[float], k: int) -> list[FoundArticle]:
        """The `k` articles nearest to `vector`, best first. The score is the cosine similarity.

        Raises LookupError: there is no index, its vectors have another dimension, or it cannot be read.
        """
        if len(vector) != self.dimension:
            raise LookupError(f"the index has dimension {self.dimension}, the question {len(vector)}")
        statement = "SELECT id, distance FROM meanings WHERE embedding MATCH ? AND k = ? ORDER BY distance"
        try:
            rows = list(self._connection().execute(statement, (_packed(vector), k)))
        except apsw.Error as error:
            raise LookupError(f"{self._file}: {error}") from error
        return [FoundArticle(self._by_id[id_], min(max(1.0 - distance, 0.0), 1.0)) for id_, distance in rows]

    def by_words(self, question: str, k: int) -> list[FoundArticle]:
        """The `k` articles that share most words with `question`. The best article has score 1."""
        words = [word for word in re.findall(r"\w+", question.lower()) if len(word) > 2][:32]
        if not words:
            return []
        try:
            rows = self._ranked(words, k)
        except (LookupError, apsw.Error):
            rows = [(-_shared_words(words, article), article.id) for article in articles()]
            rows = sorted(row for row in rows if row[0] < 0)[:k]
        best = min((score for score, _ in rows), default=-1.0)
        return [FoundArticle(self._by_id[id_], score / best) for score, id_ in rows]

    def _ranked(self, words: Sequence[str], k: int) -> list[tuple[float, str]]:
        query = " OR ".join(f'"{word}"' for word in words)
        statement = "SELECT bm25(words), id FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT ?"
        return list(self._connection().execute(statement, (query, k)))

    def _connection(self) -> apsw.Connection:
        if self._file is None:
            raise LookupError("there is no index yet")
        if getattr(self._local, "file", None) != self._file:
            self._local.database = _open(self._file, apsw.SQLITE_OPEN_READONLY)
            self._local.file = self._file
        database: apsw.Connection = self._local.database
        return database

    def _prefix(self) -> str:
        key = f"{self._embeddings}\0{corpus_version()}"
        return f"articles-{sha256(key.encode()).hexdigest()[:16]}"


def _open(file: Path, flags: int) -> apsw.Connection:
    database = apsw.Connection(str(file), flags=flags)
    database.enable_load_extension(True)
    database.load_extension(sqlite_vec.loadable_path())
    database.enable_load_extension(False)
    return database


def _packed(vector: Sequence[float]) -> bytes:
    return array("f", vector).tobytes()


def _shared_words(words: Sequence[str], article: Article) -> float:
    text = f"{article.title} {article.text}".lower()
    return float(sum(word in text for word in words))
