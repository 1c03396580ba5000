"""Compares the answer in a guide with the one that came: `…` is anything, ids and times are all alike."""

import json
import re

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?")
_REST = "…"


def check(language: str, documented: str, actual: str) -> None:
    """Raise AssertionError where the answer is not what the guide says."""
    if language == "http":
        _check_response(documented, actual)
    elif language == "json":
        _check_json(_with_rest(documented), json.loads(actual))
    else:
        _check_lines(documented, actual)


def _check_response(documented: str, actual: str) -> None:
    said, _, said_body = documented.partition("\n\n")
    head, _, body = actual.replace("\r\n", "\n").partition("\n\n")
    status, *headers = said.splitlines()
    came = head.splitlines()
    assert came[0] == status
    for header in headers:
        assert _plain(header) in map(_plain, came), f"{header} is not among\n{head}"
    if said_body:
        _check_json(_with_rest(said_body), json.loads(body))


def _check_lines(documented: str, actual: str) -> None:
    """As text, with any number for a number."""
    pattern = re.sub("[0-9]+", "[0-9]+", re.escape(documented.strip())).replace(_REST, ".*")
    assert re.fullmatch(pattern, actual.strip()), actual


def _with_rest(documented: str) -> object:
    """The JSON of an abbreviated document: `…` as a member or as a value."""
    members = re.sub(r"([{,]\s*)…", rf'\1"{_REST}": 0', documented)
    return json.loads(re.sub(r"(: *)…", rf'\1"{_REST}"', members))


def _check_json(documented: object, actual: object, at: str = "") -> None:
    if documented == _REST:
        return
    assert type(documented) is type(actual), f"{at} is {actual!r}"
    if isinstance(documented, dict) and isinstance(actual, dict):
        _check_members(documented, actual, at)
    elif isinstance(documented, list) and isinstance(actual, list):
        assert len(documented) == len(actual), f"{at} has {len(actual)} elements"
        for index, (said, came) in enumerate(zip(documented, actual, strict=True)):
            _check_json(said, came, f"{at}/{index}")
    elif isinstance(documented, str):
        _check_text(documented, str(actual), at)
    else:
        assert documented == actual, f"{at} is {actual!r}"


def _check_members(documented: dict[str, object], actual: dict[str, object], at: str) -> None:
    said = documented.keys() - {_REST}
    assert said == actual.keys() if said == documented.keys() else said <= actual.keys(), (
        f"{at} has {set(actual)}"
    )
    for name in said:
        _check_json(documented[name], actual[name], f"{at}/{name}")


def _check_text(documented: str, actual: str, at: str) -> None:
    assert _REST in documented or _plain(documented) == _plain(actual), f"{at} is {actual!r}"


def _plain(text: str) -> str:
    return _TIME.sub("a time", _ID.sub("an id", text))
