"""Bodies hold what their schema says, or are refused in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmdesk.api.fields import Body, Number, Text
from vmdesk.core.job import Cause, OperationError

BODY = Body(
    {"size": Number("A size.", 1, 100, 30), "name": Text("A name.", 5, "[a-z]+")},
    required=("name",),
)
CHANGES = Body({"size": Number("A size.", 1, 100), "name": Text("A name.", 5)})


def parsed(body: Body, text: str) -> dict[str, object]:
    return body.parse("application/json", text.encode())


def test_defaults_are_filled_in() -> None:
    assert parsed(BODY, '{"name": "abc"}') == {"size": 30, "name": "abc"}
    assert parsed(BODY, '{"name": "abc", "size": 2.0}') == {"size": 2, "name": "abc"}
    assert parsed(CHANGES, '{"size": 1}') == {"size": 1, "name": None}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ("[" * 100_000, "JSON"),
        ('{"size": ' + "9" * 5000 + "}", "JSON"),
        ("{}", "“name” is missing"),
        ('{"name": "abc", "colour": 1}', "no field “colour”"),
        ('{"name": "abc", "size": 0}', "“size”"),
        ('{"name": "abc", "size": 101}', "“size”"),
        ('{"name": "abc", "size": true}', "“size”"),
        ('{"name": "abc", "size": 1.5}', "“size”"),
        ('{"name": "abc", "size": 1e999}', "“size”"),
        ('{"name": "abc", "size": NaN}', "“size”"),
        ('{"name": "abc", "size": null}', "“size”"),
        ('{"name": 1}', "“name”"),
        ('{"name": ""}', "“name”"),
        ('{"name": "abcdef"}', "“name”"),
        ('{"name": "abc\\n"}', "“name”"),
        ('{"name": "ABC"}', "“name”"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(OperationError, match=words) as caught:
        parsed(BODY, text)
    assert caught.value.cause is Cause.INVALID_VALUE


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "\x1b[2J"])
def test_no_text_holds_what_files_and_terminals_choke_on(value: str) -> None:
    with pytest.raises(OperationError):
        parsed(CHANGES, json.dumps({"name": value}))


def test_a_change_changes_something_and_is_json() -> None:
    with pytest.raises(OperationError, match="nothing to change"):
        parsed(CHANGES, "{}")
    with pytest.raises(OperationError, match="must be JSON"):
        CHANGES.parse("application/x-www-form-urlencoded", b'{"size": 1}')
    assert CHANGES.schema()["minProperties"] == 1
    assert BODY.schema()["required"] == ["name"]


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists) | st.binary())
def test_whatever_comes_is_an_object_of_known_fields_or_refused(value: object) -> None:
    data = value if isinstance(value, bytes) else json.dumps({"name": value}).encode()
    try:
        found = CHANGES.parse("application/json", data)
    except OperationError:
        return
    assert isinstance(found["name"], str)
    assert 1 <= len(found["name"]) <= 5
