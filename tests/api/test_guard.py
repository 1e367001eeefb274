"""The head of a request decides alone, in this order: size, host, page, token, body."""

from http import HTTPStatus

import pytest

from vmdesk.api.guard import MAXIMUM_BODY, MAXIMUM_HEADERS, Guard, Head

TOKEN = "t" * 43
GUARD = Guard(TOKEN, {"127.0.0.1:8470"}, {"/vms/import"}, lambda: 10**9)
RIGHT = {"HOST": "127.0.0.1:8470", "AUTHORIZATION": f"Bearer {TOKEN}"}


def status(
    method: str = "POST",
    path: str = "/vms",
    count: int = 3,
    length: int = 0,
    chunked: bool = False,
    **headers: str,
) -> HTTPStatus | None:
    head = Head(method, path, RIGHT | headers, count, length, chunked)
    refusal = GUARD.look_at(head)
    return None if refusal is None else refusal.status


def test_who_brings_everything_is_let_in() -> None:
    assert status() is None
    assert status(AUTHORIZATION=f"bearer  {TOKEN} ") is None
    assert status(SEC_FETCH_SITE="none") is None
    assert status(count=MAXIMUM_HEADERS, length=MAXIMUM_BODY) is None


@pytest.mark.parametrize("value", ["", TOKEN, "Bearer", f"Bearer {TOKEN[1:]}", "Bearer ä"])
def test_a_wrong_token_is_none(value: str) -> None:
    assert status(AUTHORIZATION=value) is HTTPStatus.UNAUTHORIZED


def test_a_page_is_refused_whatever_it_knows() -> None:
    assert status(ORIGIN="http://127.0.0.1:8470") is HTTPStatus.FORBIDDEN
    assert status(SEC_FETCH_SITE="cross-site") is HTTPStatus.FORBIDDEN
    assert status(HOST="page.example:8470") is HTTPStatus.MISDIRECTED_REQUEST
    assert status(HOST="127.0.0.1:8470, 127.0.0.1:8470") is HTTPStatus.MISDIRECTED_REQUEST


def test_only_an_upload_may_be_large_and_only_as_large_as_there_is_room() -> None:
    too_large = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert status(length=MAXIMUM_BODY + 1) is too_large
    assert status(path="/vms/import", length=10**9) is None
    assert status(path="/vms/import", length=10**9 + 1) is too_large
    assert status("GET", "/vms/import", length=10**9) is too_large
    assert status(path="/vms/import", chunked=True) is HTTPStatus.LENGTH_REQUIRED
    assert status(count=MAXIMUM_HEADERS + 1) is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_a_stranger_does_not_learn_how_much_room_there_is() -> None:
    large = status(path="/vms/import", length=10**12, AUTHORIZATION="")
    assert large is HTTPStatus.UNAUTHORIZED
