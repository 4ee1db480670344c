"""Finds links in messages, pages and dashboards, and follows them as they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

WITHIN_S = 30.0
ELSEWHERE = {"https://status.openai.com"}  # pages of others, which a test does not open
# What Grafana and the console fill in when a person clicks: a value that fits every link of our dashboards.
FILLED_IN = {
    r"\$\{__value\.raw\}": "LLMHighErrorRate",
    r"\$\{__url_time_range\}": "from=now-1h&to=now",
    r"\$\{(\w+):queryparam\}": r"var-\1=$__all",
}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def links_of_page(url: str) -> set[str]:
    """Absolute addresses of all links of an HTML page."""
    answer = requests.get(url, timeout=WITHIN_S)
    answer.raise_for_status()
    links = _Links()
    links.feed(answer.text)
    return {urljoin(url, link) for link in links.found}


def links_of_message(message: Any) -> set[str]:
    """Every http address anywhere in a message of Alertmanager or Slack."""
    return set(re.findall(r"https?://[^\s\"|>\\]+", json.dumps(message, ensure_ascii=False)))


def links_of_dashboard(dashboard: Any, base: str) -> set[str]:
    """Absolute addresses of all links of a dashboard's JSON, with its constant variables filled in."""
    constants = {
        variable["name"]: variable["query"]
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "constant"
    }
    return {urljoin(base, _filled_in(url, constants)) for url in _urls(dashboard)}


def _urls(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "url" and isinstance(value, str):
                yield value
            else:
                yield from _urls(value)
    elif isinstance(part, list):
        for value in part:
            yield from _urls(value)


def _filled_in(url: str, constants: dict[str, str]) -> str:
    for name, value in constants.items():
        url = url.replace(f"${{{name}}}", value)
    for pattern, value in FILLED_IN.items():
        url = re.sub(pattern, value, url)
    assert "${" not in url, f"{url}: a variable that this test does not know"
    return url


def broken(urls: Iterable[str], host: str) -> dict[str, object]:
    """Each address that does not answer 200 or that is neither on `host` nor in ELSEWHERE, with the reason."""
    found: dict[str, object] = {}
    with requests.Session() as session:
        for url in sorted(set(urls) - ELSEWHERE):
            if urlsplit(url).hostname != host:
                found[url] = f"not on {host}"
                continue
            try:
                status = session.get(url, timeout=WITHIN_S).status_code
            except requests.RequestException as error:
                found[url] = error
                continue
            if status != 200:
                found[url] = status
    return found
