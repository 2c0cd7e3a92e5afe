"""The process's log: one line is one line, and nothing confidential is in it."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from esb import logs
from esb.kernel.clock import ManualClock
from esb.kernel.faults import Code, EsbError
from esb.kernel.names import ServiceId

HOSTILE = "a\r\n2026 ERROR forged\x1b[2J\x9b31m\u202eabc\u2028\x00\x7f\ud800"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("spyne", "zeep")}
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def configured(form: str, level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(form, level, stream, ManualClock(1_700_000_000.25))
    return stream


def one(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_json_line() -> None:
    stream = configured("json")
    logs.logger("door").info("listening", port=8080, service=ServiceId.parse("DIN/IAMAS/PersonQuery/v1"))
    assert one(stream) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "log": "door",
        "event": "listening",
        "port": 8080,
        "service": "DIN/IAMAS/PersonQuery/v1",
    }


def test_what_is_said_of_the_process_is_in_every_line_and_displaces_nothing() -> None:
    stream = io.StringIO()
    logs.configure("json", "info", stream, ManualClock(0.0), {"worker": 1, "event": "forged", "port": 2})
    logs.logger("door").info("listening", port=8080, passphrase="x")
    assert one(stream) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "info",
        "log": "door",
        "event": "listening",
        "worker": 1,
        "port": 8080,
        "passphrase": "(not shown)",
    }


def test_a_human_line() -> None:
    stream = configured("human")
    logs.logger("door").warning("slow sender", peer="10.0.0.1", note='said "no" \\ yes', name="Ağayev Əli", none=None)
    assert stream.getvalue() == (
        "2023-11-14T22:13:20.250Z WARNING door: slow sender  "
        'peer=10.0.0.1 note="said \\"no\\" \\\\ yes" name="Ağayev Əli" none=null\n'
    )


@pytest.mark.parametrize("form", ["json", "human"])
def test_hostile_text_cannot_break_a_line_or_steer_a_terminal(form: str) -> None:
    stream = configured(form)
    log = logs.logger(HOSTILE)
    log.info(HOSTILE, **{HOSTILE: HOSTILE, "inner": {HOSTILE: [HOSTILE]}})
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text[:-1].isprintable()


@given(st.text())
def test_safe_is_one_printable_line_within_its_limit(text: str) -> None:
    shown = logs.safe(text, 40)
    assert shown.isprintable()
    assert len(shown) <= 40
    if text.isprintable() and len(text) <= 40:
        assert shown == text


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_text_says_the_same_and_holds_nothing_raw(value: object) -> None:
    text = logs.json_text(value)
    assert json.loads(text) == value
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)


def test_safe_tells_that_it_cut() -> None:
    assert logs.safe("x" * 10, 5) == "xxxx…"
    assert logs.safe("\x1b\n") == "\\x1b\\n"


@dataclass
class Message:
    body: str = "geheim"


@pytest.mark.parametrize("form", ["json", "human"])
def test_nothing_confidential_is_written(form: str) -> None:
    stream = configured(form)
    logs.logger("x").info(
        "event",
        body=b"geheim",
        message=Message(),
        passphrase="geheim",
        db_password="geheim",
        fin="geheim",
        headers={"authorization": "geheim", "Cookie": "geheim"},
        code=Code.REPLAY,
        deep={"a": {"b": {"c": {"d": {"e": "geheim"}}}}},
    )
    text = stream.getvalue()
    assert "geheim" not in text
    assert "<6 bytes>" in text
    assert "<Message>" in text
    assert "Replay" in text


class _OwnError(EsbError):
    pass


def test_an_exception_is_told_by_type_and_place_and_a_foreign_text_is_left_out() -> None:
    stream = configured("json")
    try:
        try:
            raise ValueError("geheim: the row was 1AB2CD3")
        except ValueError as inner:
            raise _OwnError("the store is away") from inner
    except _OwnError as error:
        logs.logger("x").error("failed", exc_info=error)
    line = one(stream)
    assert [part["is"] for part in line["error"]] == ["_OwnError: the store is away", "ValueError"]
    assert "test_logs.py" in line["error"][0]["at"][-1]
    assert "geheim" not in stream.getvalue()


def test_exception_method_takes_the_error_in_hand_and_an_os_error_keeps_its_reason() -> None:
    stream = configured("human")
    try:
        Path("/nowhere/at all").read_bytes()
    except OSError:
        logs.logger("x").exception("cannot read")
    lines = stream.getvalue().splitlines()
    assert "ERROR   x: cannot read" in lines[0]
    assert lines[1] == "    | FileNotFoundError: No such file or directory"
    assert all(line.startswith("    |   ") for line in lines[2:])


def test_an_error_text_with_line_breaks_cannot_forge_a_line() -> None:
    stream = configured("human")
    try:
        raise _OwnError("a\n2023-11-14T22:13:20.250Z INFO forged")
    except _OwnError:
        logs.logger("x").exception("failed")
    assert not any(line.startswith("2023") for line in stream.getvalue().splitlines()[1:])


def test_levels_and_unknown_ways_of_calling() -> None:
    stream = configured("json", "warning")
    logs.logger("x").info("not this")
    logs.logger("x").critical("this", time="forged", level="forged", error="told")
    line = one(stream)
    assert line["level"] == "error"
    assert line["time"].startswith("2023")
    assert line["error"] == "told"
    stream = configured("human")
    logs.logger("x").info("that", error="told")
    assert "error=told" in stream.getvalue()


def test_auto_is_json_off_a_terminal_and_human_on_one() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = configured("auto")
    logs.logger("x").info("e")
    one(stream)
    terminal = Terminal()
    logs.configure("auto", "info", terminal)
    logs.logger("x").info("e")
    assert " INFO    x: e" in terminal.getvalue()


def test_a_stream_that_fails_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    logs.configure("json", "info", Full())
    logs.logger("x").info("e")
    closed = io.StringIO()
    logs.configure("json", "info", closed)
    closed.close()
    logs.logger("x").info("e")


def test_what_libraries_log_comes_through_from_warning_up_and_once() -> None:
    configured("json")
    stream = configured("json")
    logging.getLogger("some.library").info("not this")
    logging.getLogger("spyne.server").error("quotes a message: geheim")
    logging.getLogger("some.library").warning("odd %s\n", "thing")
    line = one(stream)
    assert (line["log"], line["level"], line["event"]) == ("some.library", "warning", "odd thing\\n")


def test_a_library_that_logs_badly_is_still_told() -> None:
    stream = configured("json")
    (handler,) = [handler for handler in logging.getLogger().handlers if type(handler).__module__ == "esb.logs"]
    # Handed over directly: pytest's own handler would raise.
    handler.handle(logging.LogRecord("some.library", logging.WARNING, "x.py", 1, "odd %s %s", ("thing",), None))
    assert one(stream)["event"] == "odd %s %s"


def level(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=name)


def test_twisted_events() -> None:
    observe = logs.observer()
    stream = configured("json")
    observe({"log_level": level("info"), "log_namespace": "t.factory", "log_format": "{n} at {when()}", "n": 1,
             "when": lambda: "noon"})  # fmt: skip
    line = one(stream)
    assert (line["level"], line["log"], line["event"]) == ("debug", "t.factory", "1 at noon")
    stream = configured("json")
    observe({"log_level": level("warn"), "log_format": "{missing}"})
    assert (one(stream)["level"], one(stream)["event"]) == ("warning", "{missing}")


def test_the_failures_of_twisted_are_told_without_their_text() -> None:
    from twisted.logger import Logger
    from twisted.python.failure import Failure

    stream = configured("json")
    try:
        raise ValueError("geheim")
    except ValueError:
        failure = Failure()
    Logger("esb.test", observer=logs.observer()).failure("Unhandled {x}", failure, x="geheim")
    line = one(stream)
    assert line["level"] == "error"
    assert line["error"][0]["is"] == "ValueError"
    assert "geheim" not in stream.getvalue()
