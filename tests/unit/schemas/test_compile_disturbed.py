"""A contract is compiled in one thread while another parses messages, as in a bus that has just been started."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from esb.kernel.xml import SchemaInvalid, XmlLimits, compile_schema, parse_message
from esb.schemas.compile import compile_judge

LIMITS = XmlLimits()


@contextmanager
def parsing(message: bytes) -> Iterator[None]:
    """Another thread that does nothing but parse."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            parse_message(message, LIMITS)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_no_import_is_lost_while_messages_are_parsed(contract: Callable[..., Any], schema: Callable[..., str]) -> None:
    """lxml's document loader is the process's: a message in another thread took it away, and libxml2 silently went
    without the imports.  The judge then knew no element at all, for as long as the process lived."""
    made = contract({"a.xsd": schema('<xs:element name="q" type="xs:string"/>')})
    payload = b'<a:q xmlns:a="urn:a">x</a:q>'
    with parsing(payload * 1):
        for _ in range(30):
            assert compile_judge(made).judge(parse_message(payload, LIMITS)) == ()


def test_a_document_that_is_never_asked_for_is_told_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.kernel.xml._BETWEEN", 0)
    main = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'
    with pytest.raises(SchemaInvalid, match="undisturbed"):
        compile_schema(main, "x:main", lambda _: None, ["x:other"])
