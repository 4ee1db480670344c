"""Answers a question: check the question, look in the cache, queue, retrieve, generate, check the answer."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from cachetools import TTLCache

from demo_app import guards
from demo_app.answer_cache import AnswerCache, CachedAnswer
from demo_app.articles import articles
from demo_app.bounded_queue import BoundedQueue, Ticket
from demo_app.failures import AlreadyRecorded, Failure, ModelFailure, NotFound, QueueFull
from demo_app.faults import LiveSettings
from demo_app.model_client import ModelClient
from demo_app.prompts import Message, Task, check_version, messages
from demo_app.schemas import AnswerDetails, TokenUsage
from demo_app.search_index import FoundArticle, SearchIndex
from demo_app.settings import DemoSettings
from llm_telemetry import (
    Generation,
    names,
    observe_generation,
    observe_retrieval,
    record_cache,
    record_content,
    record_deployment,
    record_feedback,
    record_rejection,
    set_queue_capacity,
)
from llm_telemetry.request_context import current_request

_log = logging.getLogger(__name__)

SUPPORT_ANSWER = "/api/support/answer"
SUPPORT_STREAM = "/api/support/stream"
SUMMARISE = "/api/search/summarise"
ENDPOINTS = (SUPPORT_ANSWER, SUPPORT_STREAM, SUMMARISE)

_MAX_VOTABLE_ANSWERS, _VOTABLE_S = 10_000, 3_600.0  # seconds; for feedback
_EMBEDDING_BATCH = 32  # articles in one call


@dataclass
class _VotableAnswer:
    endpoint: str
    tenant_id: str | None
    model: str
    span_id: str | None
    voted: bool = False


@dataclass(frozen=True)
class Question:
    text: str
    endpoint: str
    task: Task
    cached: CachedAnswer | None
    ticket: Ticket | None  # None for a cached answer
    settings: DemoSettings  # used until the answer, so that a change of settings does not affect a running question
    asked_at: float  # time.perf_counter()


@dataclass(frozen=True)
class CompleteAnswer:
    text: str
    found: Sequence[FoundArticle]
    details: AnswerDetails


class AnswerService:
    """The application without HTTP. A process has one, for one event loop."""

    def __init__(self, live: LiveSettings, client: ModelClient) -> None:
        settings = live.now
        check_version(settings.prompt_version)
        self._live = live
        self._client = client
        self.index = SearchIndex(settings.data_dir, client.embeddings)
        self._cache = AnswerCache(settings.cache_size, settings.cache_ttl_s)
        self._queues = {name: BoundedQueue(settings.concurrency, settings.queue_capacity) for name in ENDPOINTS}
        self._votable_answers: TTLCache[str, _VotableAnswer] = TTLCache(_MAX_VOTABLE_ANSWERS, _VOTABLE_S)
        self._building = asyncio.Lock()
        for endpoint in ENDPOINTS:
            set_queue_capacity(settings.queue_capacity, endpoint=endpoint)
        live.watch(self._apply_settings)

    async def build_index(self) -> None:
        """Build the search index, unless it is ready. Raises ModelFailure: the provider returned no vectors."""
        async with self._building:
            if self.index.ready:
                return
            texts = [f"{article.title}\n{article.text}" for article in articles()]
            batches = [texts[start : start + _EMBEDDING_BATCH] for start in range(0, len(texts), _EMBEDDING_BATCH)]
            vectors = [vector for batch in batches for vector in await self._client.embed(batch)]
            await asyncio.to_thread(self.index.build, vectors)

    def accept(self, text: str, endpoint: str, task: Task) -> Question:
        """Check the question, look it up in the cache, and reserve a ticket of the queue.

        Raises BadInput: the question was refused. Raises QueueFull: the queue is full.
        """
        asked_at = time.perf_counter()
        settings = self._live.now.for_one_question()
        try:
            question = guards.check_question(text)
            cached = self._cache.get(*_cache_key(question, endpoint, settings)) if settings.cache else None
            if cached:
                return Question(question, endpoint, task, cached, None, settings, asked_at)
            ticket = self._queues[endpoint].reserve()
        except Failure as failure:
            record_rejection("queue_full" if isinstance(failure, QueueFull) else "bad_input")
            raise
        record_cache(False)
        return Question(question, endpoint, task, None, ticket, settings, asked_at)

    async def answer(self, question: Question, trace_id: str | None) -> CompleteAnswer:
        """Return the whole answer. Raises ModelFailure: no model gave a usable answer."""
        if question.cached:
            return self._from_cache(question, question.cached, trace_id)
        assert question.ticket is not None
        with question.ticket as ticket:
            found = await self._retrieve(question)
            prompt = _prompt(question, found)
            with _observed(question, prompt) as generation:
                with generation.queueing():
                    await ticket.wait()
                text = await self._client.complete(
                    generation,
                    question.settings.model,
                    prompt,
                    lambda whole, reason: guards.check_answer(whole, reason, found),
                )
        self._keep_answer(question, found, generation, text)
        return CompleteAnswer(text, found, _details(question, generation, trace_id))

    async def stream(
        self, question: Question, trace_id: str | None
    ) -> AsyncGenerator[list[FoundArticle] | str | CompleteAnswer, None]:
        """Yield the found articles, then the text in parts, then the complete answer.

        Raises ModelFailure: no model gave a usable answer, or the answer broke off.
        """
        if question.cached:
            answered = self._from_cache(question, question.cached, trace_id)
            yield list(answered.found)
            yield answered.text
            yield answered
            return
        assert question.ticket is not None
        with question.ticket as ticket:
            found = await self._retrieve(question)
            yield found
            prompt = _prompt(question, found)
            text = ""
            with _observed(question, prompt) as generation:
                with generation.queueing():
                    await ticket.wait()
                parts = self._client.stream(
                    generation,
                    question.settings.model,
                    prompt,
                    guards.check_part,
                    lambda whole, reason: guards.check_answer(whole, reason, found),
                )
                try:
                    async for part in parts:
                        text += part
                        yield part
                finally:
                    await parts.aclose()
        self._keep_answer(question, found, generation, text)
        yield CompleteAnswer(text, found, _details(question, generation, trace_id))

    def vote(self, trace_id: str, value: str) -> None:
        """Record a vote on the answer with this trace id.

        Raises NotFound: no answer of the last hour has this trace id. Raises AlreadyRecorded: it already has a vote.
        """
        votable = self._votable_answers.get(trace_id)
        if votable is None:
            raise NotFound("No answer of the last hour has this trace id.", "Send the trace_id of the answer.")
        if votable.voted:
            raise AlreadyRecorded("This answer already has a vote.", "Nothing to do: the first vote counts.")
        votable.voted = True
        record_feedback(
            value,
            trace_id=trace_id,
            span_id=votable.span_id,
            model=votable.model,
            endpoint=votable.endpoint,
            tenant_id=votable.tenant_id,
        )

    async def _retrieve(self, question: Question) -> list[FoundArticle]:
        settings = question.settings
        k = settings.top_k if question.task == "support" else settings.summary_top_k
        with observe_retrieval() as retrieval:
            if settings.added_retrieval_ms:
                await asyncio.sleep(settings.added_retrieval_ms / 1e3)
            try:
                [vector] = await self._client.embed([question.text])
                found = await asyncio.to_thread(self.index.by_meaning, vector, k)
            except (ModelFailure, LookupError) as error:
                _log.warning("retrieval by words instead of by meaning: %s", error)
                found = await asyncio.to_thread(self.index.by_words, question.text, k)
            retrieval.record(len(found), [round(item.score, 4) for item in found])
        return found

    def _keep_answer(self, question: Question, found: list[FoundArticle], generation: Generation, text: str) -> None:
        """Keep the answer in the cache, for feedback and, if a content store is configured, for evaluation."""
        cached = CachedAnswer(text, found, generation.model)
        self._cache.put(cached, *_cache_key(question.text, question.endpoint, question.settings))
        self._allow_vote(generation.trace_id, question.endpoint, generation.model, generation.span_id)
        record_content(generation, question.text, text, [item.article.text for item in found])

    def _from_cache(self, question: Question, cached: CachedAnswer, trace_id: str | None) -> CompleteAnswer:
        self._allow_vote(trace_id, question.endpoint, cached.model, None)
        latency_ms = (time.perf_counter() - question.asked_at) * 1e3
        prompt_version = question.settings.prompt_version
        record_cache(True, model=cached.model, latency_ms=latency_ms, prompt_version=prompt_version)
        details = AnswerDetails(
            model=cached.model,
            prompt_version=prompt_version,
            cache_hit=True,
            usage=TokenUsage(input_tokens=0, output_tokens=0, cached_input_tokens=0),
            cost_usd=0.0,
            cost_source=None,
            latency_ms=latency_ms,
            ttft_ms=None,
            retrieval_ms=None,
            attempts=0,
            fallback_from=None,
            trace_id=trace_id,
        )
        return CompleteAnswer(cached.text, cached.found, details)

    def _allow_vote(self, trace_id: str | None, endpoint: str, model: str, span_id: str | None) -> None:
        if trace_id:
            self._votable_answers[trace_id] = _VotableAnswer(endpoint, current_request().tenant_id, model, span_id)

    def _apply_settings(self, settings: DemoSettings) -> None:
        for queue in self._queues.values():
            queue.concurrency = settings.concurrency
        record_deployment(version=settings.version, prompt_version=settings.prompt_version)


def _prompt(question: Question, found: Sequence[FoundArticle]) -> list[Message]:
    settings, found_articles = question.settings, [item.article for item in found]
    return messages(settings.prompt_version, question.task, question.text, found_articles, settings.history_tokens)


def _observed(question: Question, prompt: Sequence[Message]) -> Generation:
    settings = question.settings
    return observe_generation(settings.model, prompt=prompt, prompt_version=settings.prompt_version)


def _details(question: Question, generation: Generation, trace_id: str | None) -> AnswerDetails:
    usage, cost = generation.usage, generation.cost
    return AnswerDetails(
        model=generation.model,
        prompt_version=question.settings.prompt_version,
        cache_hit=False,
        usage=None if usage is None else TokenUsage.model_validate(usage, from_attributes=True),
        cost_usd=cost.dollars if cost else None,
        cost_source=cost.source if cost else None,
        latency_ms=generation.latency_ms or 0.0,
        ttft_ms=generation.ttft_ms,
        retrieval_ms=current_request().retrieval_ms,
        attempts=generation.attempts,
        fallback_from=generation.fallback_from,
        trace_id=trace_id or generation.trace_id,
    )


def _cache_key(question: str, endpoint: str, settings: DemoSettings) -> tuple[str, ...]:
    tenant = current_request().tenant_id or names.OTHER
    return question, endpoint, tenant, settings.prompt_version
