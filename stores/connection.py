"""One HTTP server, asked: time limits, and errors that name it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from stores.errors import BadAnswer, QueryRefused, StoreError, StoreNotReady, StoreTimeout, StoreUnreachable

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 20.0  # until the first byte and between two
_SHOWN = 300  # characters of what a server said

Parameters = Mapping[str, Any]  # a value may be a list, for a parameter that is repeated
T = TypeVar("T")
Observer = Callable[[str, str, float], None]

_observers: list[Observer] = []


def observe(observer: Observer) -> None:
    """Call it after every question of this process: with the server, how it ended, and the seconds that it took.

    It ends answered, refused (4xx), failed (5xx), in a timeout, or the server is unreachable.
    """
    _observers.append(observer)


class Connection:
    """Asks one server. `server` is its name in stack/servers.py, so that `make logs SERVICE=` knows it.

    Every method raises a StoreError: StoreUnreachable, StoreTimeout, StoreNotReady (503), QueryRefused
    (any other 4xx), BadAnswer (5xx, no JSON, JSON of another shape).
    """

    def __init__(self, server: str, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self.server = server
        self.url = url.rstrip("/")
        self._timeouts = (min(CONNECT_WITHIN_S, timeout_s), timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment is not for these servers

    def get(self, path: str, parse: Callable[[Any], T], parameters: Parameters | None = None) -> T:
        """Ask for JSON; `parse` makes the answer of it."""
        return self._parsed(self._ask("GET", path, params=parameters), parse)

    def get_if_there(self, path: str, parse: Callable[[Any], T], parameters: Parameters | None = None) -> T | None:
        """The same; None for a 404."""
        answer = self._send("GET", path, params=parameters)
        if answer.status_code == 404 and not _is_web_page(answer):
            return None
        return self._parsed(self._checked(answer), parse)

    def post_form(self, path: str, parse: Callable[[Any], T], parameters: Parameters) -> T:
        """Ask with a form, which may be longer than a URL."""
        return self._parsed(self._ask("POST", path, data=parameters), parse)

    def post_json(self, path: str, parse: Callable[[Any], T], body: object) -> T:
        """Send JSON."""
        return self._parsed(self._ask("POST", path, json=body), parse)

    def lines(self, path: str, parse: Callable[[Any], T], parameters: Parameters) -> list[T]:
        """Ask with a form for one JSON object per line."""
        answer = self._ask("POST", path, data=parameters)
        self._refuse_web_page(answer)
        return self._shaped(answer, lambda: [parse(json.loads(line)) for line in answer.iter_lines() if line])

    def delete(self, path: str) -> None:
        """Remove something."""
        self._ask("DELETE", path)

    def check(self, path: str) -> None:
        """Ask a page that answers 2xx when the server can be used.

        Raises:
            StoreNotReady: it answers something else.
            StoreUnreachable, StoreTimeout: it does not answer.
        """
        answer = self._send("GET", path)
        if not answer.ok:
            raise StoreNotReady(self.server, answer.url, f"{answer.status_code}, {_said(answer)}")

    def is_ready(self, path: str) -> bool:
        """Whether `check` passes."""
        try:
            self.check(path)
        except StoreError:
            return False
        return True

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._checked(self._send(method, path, **options))

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = self.url + path
        begun, outcome = time.monotonic(), "unreachable"
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
                observer(self.server, outcome, time.monotonic() - begun)

    def _checked(self, answer: requests.Response) -> requests.Response:
        if answer.ok:
            return answer
        said = _said(answer)
        if answer.status_code == 503 and _error_type(answer) in ("timeout", "canceled"):
            raise StoreTimeout(self.server, answer.url, f"gave up: {said}")
        if answer.status_code == 503:
            raise StoreNotReady(self.server, answer.url, said)
        self._refuse_web_page(answer)
        if 400 <= answer.status_code < 500:
            raise QueryRefused(self.server, answer.url, said)
        raise BadAnswer(self.server, answer.url, f"failed with status {answer.status_code}: {said}")

    def _refuse_web_page(self, answer: requests.Response) -> None:
        if _is_web_page(answer):
            what = f"answered {answer.status_code} with a web page where data was asked for"
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
            what = f"gave an answer that cannot be read ({type(error).__name__}: {error}): {answer.text[:_SHOWN]!r}"
            raise BadAnswer(self.server, answer.url, what) from error


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


def _said(answer: requests.Response) -> str:
    """The server's message, whichever way it gives it."""
    match _body(answer):
        case {"error": {"message": str(text)}}:  # Jaeger, API v3
            pass
        case {"errors": [{"msg": str(text)}, *_]}:  # Jaeger's older API
            pass
        case {"error": str(text)}:  # Prometheus
            pass
        case {"message": str(text)}:  # Alertmanager, Loki
            pass
        case str(text):  # Alertmanager
            pass
        case _:
            text = answer.reason if _is_web_page(answer) else answer.text
    return " ".join(text.split())[:_SHOWN] or f"status {answer.status_code}"


def _reason(error: requests.RequestException) -> str:
    """What the operating system said, without the wrappings of two libraries."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__ or _wrapped(inner):
        inner = _wrapped(inner) or inner.__cause__ or inner.__context__ or inner
        if isinstance(inner, OSError) and inner.strerror and not isinstance(inner, requests.RequestException):
            return inner.strerror
    return str(inner) or type(inner).__name__


def _wrapped(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else None
