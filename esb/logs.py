"""The process's own log, for the people who run it: structured lines on standard error.  Evidence is elsewhere (audit).

Two promises.  **A line is one line**: whatever text a stranger chose, no control character, terminal escape or line
break of it reaches the log raw.  **Nothing confidential**: octets are told by their number alone, objects by their
type, and foreign exceptions by type and place; their text often quotes the very data that they failed on.

Writing is direct.  A file or the journal takes a line in microseconds; a pipe whose reader has stopped would hold up
the reactor, so the reader of a pipe must keep reading.  A line that cannot be written is dropped: the bus does not
stop an exchange for its log.
"""

# structlog costs a quarter of a second to import, more than all the rest of a short command: it is imported by use.

import json
import logging
import re
import string
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from esb.kernel.clock import Clock, SystemClock
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LONGEST: Final = 2_000  # characters of one value
_MOST: Final = 50  # items of one list, frames of one traceback
_DEEPEST: Final = 4
_NEVER: Final = re.compile(r"(^|_)(passphrase|password|secret|authorization|cookie|fin)$|private_key", re.IGNORECASE)
# Inside a JSON text these can stand in strings only, where they may be written as escapes.
_NOT_IN_JSON: Final = re.compile(r"[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_BARE: Final = re.compile(r"[^\s\"'=\\]+")


def safe(text: str, limit: int = 200) -> str:
    r"""``text`` in one printable line of at most ``limit`` characters, for a log, a terminal or an error.

    Control characters, line breaks, terminal escapes, bidirectional marks and lone surrogates become ``\x1b``-like
    escapes; letters of any language stay.  A text that was cut ends with "…".
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    shown = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def json_text(value: object, indent: int | None = None) -> str:
    """``value`` as JSON whose letters stay readable, and in which nothing could steer a terminal or split a line."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return _NOT_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def configure(
    form: str,
    level: str,
    stream: TextIO | None = None,
    clock: Clock | None = None,
    facts: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Set up logging for this process: structlog's loggers, and the standard library's warnings into them.

    Args:
        form: ``json`` (one object a line), ``human``, or ``auto``: human when ``stream`` is a terminal.
        level: ``debug``, ``info``, ``warning`` or ``error``.
        stream: where lines go; None for standard error.
        clock: tells each line's time; None for the machine's.
        facts: what every line of this process says besides.
    """
    import structlog

    stream = sys.stderr if stream is None else stream
    if form == "auto":
        form = "human" if stream.isatty() else "json"
    structlog.configure(
        processors=[_record(clock or SystemClock(), facts), _human if form == "human" else _json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Steady(stream))),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _FromStandard)]:
        root.removeHandler(handler)
    root.addHandler(_FromStandard(logging.WARNING))
    # Spyne and zeep quote the messages that they fail on.
    for talkative in ("spyne", "zeep"):
        logging.getLogger(talkative).setLevel(logging.CRITICAL + 1)


def logger(name: str) -> "FilteringBoundLogger":
    """The logger of one part of the bus: ``logger("door").info("listening", port=8080)``."""
    import structlog

    return cast("FilteringBoundLogger", structlog.get_logger().bind(log=name))


def observer() -> Any:
    """What Twisted's log begins with: ``globalLogBeginner.beginLoggingTo([observer()])``.

    A callable of one event, typed loosely because mypy does not see that a function provides zope's ILogObserver.  It
    takes Twisted's event dictionaries as they are and needs nothing of Twisted.  Twisted's own "info" is about its
    factories and ports, so it is written as debug.
    """
    levels = {"debug": "debug", "info": "debug", "warn": "warning", "error": "error", "critical": "error"}

    def observe(event: Mapping[str, Any]) -> None:
        level = levels.get(getattr(event.get("log_level"), "name", "info"), "info")
        failure = event.get("log_failure")
        facts: dict[str, Any] = {}
        if failure is None:
            text = _twisted_text(event)
        else:
            # The formatted text would hold the whole traceback with the exception's own text in it.
            text = str(event.get("why") or "an error that nobody handled")
            facts["exc_info"] = getattr(failure, "value", failure)
        log = logger(str(event.get("log_namespace", "twisted")))
        getattr(log, level)(safe(text, 500), **facts)

    return observe


class _Calls(string.Formatter):
    """PEP 3101 formats with Twisted's addition: ``{name()}`` is called."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value, first = super().get_field(field_name.removesuffix("()"), args, kwargs)
        return (value() if field_name.endswith("()") else value), first


def _twisted_text(event: Mapping[str, Any]) -> str:
    form = event.get("log_format") or event.get("log_text") or ""
    if isinstance(form, bytes):
        form = form.decode("utf-8", "replace")
    try:
        return _Calls().vformat(str(form), (), event)
    except Exception:  # noqa: BLE001 - a log line that cannot be formatted is still told
        return str(form)


class _Steady:
    """A stream whose failures stay here: a full disk or a closed pipe must not stop an exchange."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return 0

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


class _FromStandard(logging.Handler):
    """Takes what libraries log through the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's bad format is not ours to fail on
            text = str(record.msg)
        error = record.exc_info[1] if record.exc_info else None
        getattr(logger(record.name), level)(safe(text, 300), **({"exc_info": error} if error else {}))


_Event = Mapping[str, Any]


def _record(clock: Clock, facts: _Event) -> Callable[[Any, str, _Event], dict[str, Any]]:
    def record(_: Any, method: str, event: _Event) -> dict[str, Any]:
        now = datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {
            "time": now,
            "level": "error" if method in ("exception", "critical", "fatal") else method,
        }
        line["log"] = str(event.get("log", "bus"))
        line["event"] = str(event.get("event", ""))[:_LONGEST]
        error = event.get("exc_info")
        for key, value in {**facts, **event}.items():
            if key not in line and key != "exc_info":
                line[key] = "(not shown)" if _NEVER.search(key) else _plain(value)
        if error:
            line["error"] = _chain(error if isinstance(error, BaseException) else sys.exc_info()[1])
        return line

    return record


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON knows it, holding nothing that was not plain text or number to begin with."""
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return _plain(value.value, depth)
        case float():
            return value if abs(value) < float("inf") else str(value)
        case str():
            return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case PurePath() | ServiceId():
            return str(value)
        case BaseException():
            return _exception(value)
        case Mapping() if depth < _DEEPEST:
            pairs = list(value.items())[:_MOST]
            return {str(k): "(not shown)" if _NEVER.search(str(k)) else _plain(v, depth + 1) for k, v in pairs}
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            return [_plain(item, depth + 1) for item in list(value)[:_MOST]]
        case _:
            return f"<{type(value).__name__}>"


def _exception(error: BaseException) -> str:
    # Our own errors are written for people; another's text may quote a message, a row or a password.
    if isinstance(error, EsbError):
        return f"{type(error).__name__}: {str(error)[:_LONGEST]}"
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and its causes, each with its frames, the innermost last; without any variable's value."""
    chain: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(chain) < 8:
        seen.add(id(error))
        frames = traceback.extract_tb(error.__traceback__)[-_MOST:]
        chain.append(
            {
                "is": _exception(error),
                "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _json(_: Any, __: str, line: _Event) -> str:
    return json_text(line)


def _human(_: Any, __: str, line: _Event) -> str:
    head = f"{line['time']} {line['level'].upper():7} {safe(line['log'])}: {safe(line['event'], _LONGEST)}"
    facts = [
        f"{safe(key, 60)}={_word(value)}"
        for key, value in line.items()
        if key not in ("time", "level", "log", "event", "error")
    ]
    text = "  ".join([head, " ".join(facts)]) if facts else head
    if "error" not in line:
        return text
    error = line["error"]
    if not isinstance(error, list):
        return f"{text} error={_word(error)}"
    for place, one in enumerate(error):
        text += f"\n    | {'' if place == 0 else 'caused by '}{safe(one['is'], _LONGEST)}"
        text += "".join(f"\n    |   {safe(frame, 300)}" for frame in one["at"])
    return text


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json_text(value)
    if not isinstance(value, str) or _BARE.fullmatch(text):
        return safe(text, _LONGEST)
    return '"' + safe(text.replace("\\", "\\\\").replace('"', '\\"'), _LONGEST) + '"'
