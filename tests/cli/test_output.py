import json

import pytest

from vmdesk.cli.output import Output, Result
from vmdesk.core.job import OperationError

TRICKY = "web\x1b[2J\x9b31m\u202e\ud800é🐧\n\tnext"
HARMLESS = "web?[2J?31m??é🐧\n\tnext"


def test_what_a_terminal_would_obey_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.result(Result(TRICKY, None))
    output.error(OperationError(TRICKY, TRICKY, "\x1b[2J"))
    out, err = capsys.readouterr()
    assert out == HARMLESS + "\n"
    assert err == f"error: {HARMLESS}\nhint: {HARMLESS}\n    ?[2J\n"


def test_json_says_the_same_without_what_a_terminal_would_obey(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output(as_json=True).result(Result("", {"name": TRICKY}))
    out = capsys.readouterr().out
    assert json.loads(out) == {"name": TRICKY}
    assert "é🐧" in out
    assert not {"\x1b", "\x9b", "\u202e", "\ud800"} & set(out)
