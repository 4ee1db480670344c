"""Asks one HTTP server, with time limits, and turns failures into errors that name the server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from stores.errors import BadAnswer, QueryRefused, StoreError, StoreNotReady, StoreTimeout, StoreUnreachable

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 20.0  # until the first byte, and between two bytes
_MESSAGE_LENGTH = 300  # characters

Parameters = Mapping[str, Any]  # a list repeats the parameter
T = TypeVar("T")
Observer = Callable[[str, str, float], None]

_observers: list[Observer] = []


def observe(observer: Observer) -> None:
    """Call `observer` after every request of this process, with the server, the outcome and the seconds it took.

    Outcomes: answered, refused (4xx), failed (5xx), timeout, unreachable.
    """
    _observers.append(observer)


class Connection:
    """Asks one server. `server` is its name in stack/servers.py, as in `make logs SERVICE=`.

    Every method raises a StoreError: StoreUnreachable, StoreTimeout, StoreNotReady (503), QueryRefused
    (any other 4xx), BadAnswer (5xx, no JSON, JSON of another shape).
    """

    def __init__(self, server: str, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self.server = server
        self.url = url.rstrip("/")
        self._timeouts = (min(CONNECT_WITHIN_S, timeout_s), timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False  # these servers are not reached through HTTP_PROXY

    def get(self, path: str, parse: Callable[[Any], T], parameters: Parameters | None = None) -> T:
        return self._parsed(self._ask("GET", path, params=parameters), parse)

    def get_if_there(self, path: str, parse: Callable[[Any], T], parameters: Parameters | None = None) -> T | None:
        """Like get(); None where the server answers 404."""
        answer = self._send("GET", path, params=parameters)
        if answer.status_code == 404 and not _is_web_page(answer):
            return None
        return self._parsed(self._checked(answer), parse)

    def post_form(self, path: str, parse: Callable[[Any], T], parameters: Parameters) -> T:
        """Ask for JSON with a form, which may be longer than a URL."""
        return self._parsed(self._ask("POST", path, data=parameters), parse)

    def post_json(self, path: str, parse: Callable[[Any], T], body: object) -> T:
        return self._parsed(self._ask("POST", path, json=body), parse)

    def lines(self, path: str, parse: Callable[[Any], T], parameters: Parameters) -> list[T]:
        """Ask with a form; the answer has one JSON object per line."""
        answer = self._ask("POST", path, data=parameters)
        self._refuse_web_page(answer)
        return self._shaped(answer, lambda: [parse(json.loads(line)) for line in answer.iter_lines() if line])

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def check(self, path: str) -> None:
        """Ask for a page that answers 2xx when the server is ready.

        Raises:
            StoreNotReady: the server answers with another status.
            StoreUnreachable, StoreTimeout: the server does not answer.
        """
        answer = self._send("GET", path)
        if not answer.ok:
            raise StoreNotReady(self.server, answer.url, f"{answer.status_code}, {_message(answer)}")

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._checked(self._send(method, path, **options))

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = self.url + path
        started, outcome = time.monotonic(), "unreachable"
        try:
            answer = self._session.request(method, url, timeout=self._timeouts, **options)
            outcome = "answered" if answer.ok else "refused" if answer.status_code < 500 else "failed"
            return answer
        except requests.Timeout as error:
            outcome = "timeout"
            raise StoreTimeout(self.server, url, f"did not answer within {self._timeouts[1]:g} s") from error
        except requests.RequestException as error:
            raise StoreUnreachable(self.server, url, _reason(error)) from error
        finally:
            for observer in _observers:
                observer(self.server, outcome, time.monotonic() - started)

    def _checked(self, answer: requests.Response) -> requests.Response:
        if answer.ok:
            return answer
        message = _message(answer)
        if answer.status_code == 503 and _error_type(answer) in ("timeout", "canceled"):
            raise StoreTimeout(self.server, answer.url, f"gave up: {message}")
        if answer.status_code == 503:
            raise StoreNotReady(self.server, answer.url, message)
        self._refuse_web_page(answer)
        if 400 <= answer.status_code < 500:
            raise QueryRefused(self.server, answer.url, message)
        raise BadAnswer(self.server, answer.url, f"failed with status {answer.status_code}: {message}")

    def _refuse_web_page(self, answer: requests.Response) -> None:
        if _is_web_page(answer):
            what = f"answered {answer.status_code} with a web page instead of data"
            raise BadAnswer(self.server, answer.url, what)

    def _parsed(self, answer: requests.Response, parse: Callable[[Any], T]) -> T:
        self._refuse_web_page(answer)
        return self._shaped(answer, lambda: parse(json.loads(answer.content) if answer.content else None))

    def _shaped(self, answer: requests.Response, read: Callable[[], T]) -> T:
        try:
            return read()
        except StoreError:
            raise
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            what = f"gave an answer that cannot be read ({reason}): {answer.text[:_MESSAGE_LENGTH]!r}"
            raise BadAnswer(self.server, answer.url, what) from error


class StoreClient:
    """A client of one server. Every method raises a StoreError when there is no answer."""

    server: str
    ready_path: str  # answers 2xx when the server is ready

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def check_ready(self) -> None:
        """Raise a StoreError if the server is not ready."""
        self._connection.check(self.ready_path)

    def ready(self) -> bool:
        try:
            self.check_ready()
        except StoreError:
            return False
        return True


def _is_web_page(answer: requests.Response) -> bool:
    return "html" in answer.headers.get("Content-Type", "").lower()


def _body(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _error_type(answer: requests.Response) -> str:
    body = _body(answer)
    return str(body.get("errorType", "")) if isinstance(body, dict) else ""


def _message(answer: requests.Response) -> str:
    """The message in an error answer. Each server puts it elsewhere."""
    match _body(answer):
        case (
            {"error": {"message": str(text)}}  # Jaeger, API v3
            | {"errors": [{"msg": str(text)}, *_]}  # Jaeger's older API
            | {"error": str(text)}  # Prometheus
            | {"message": str(text)}  # Alertmanager, Loki
            | str(text)  # Alertmanager
        ):
            pass
        case _:
            text = answer.reason if _is_web_page(answer) else answer.text
    return " ".join(text.split())[:_MESSAGE_LENGTH] or f"status {answer.status_code}"


def _reason(error: requests.RequestException) -> str:
    """The operating system's message, which requests and urllib3 have wrapped."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__ or _wrapped_by(inner):
        inner = _wrapped_by(inner) or inner.__cause__ or inner.__context__ or inner
        if isinstance(inner, OSError) and inner.strerror and not isinstance(inner, requests.RequestException):
            return inner.strerror
    return str(inner) or type(inner).__name__


def _wrapped_by(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else None
