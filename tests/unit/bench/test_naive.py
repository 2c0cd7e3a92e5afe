"""The naive peer is honest: it verifies what comes, keeps two rows, and signs what goes.  (Served, it is measured in
test_subjects.)"""

import time
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from signxml.exceptions import InvalidSignature
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from support.client import Reply, verify_with_xmlsec

from esb.bench.naive import Log, Signing, application, open_log
from esb.bench.rows import content
from esb.bench.signing import Party, Template
from esb.certs.ca import create_authority
from esb.certs.keys import FileKey


@cache
def party(code: str, kind: str) -> Party:
    key, certificate = create_authority(code, kind, time.time(), 30)
    return Party(code, FileKey(key), certificate)


class Answered:
    """A row as the provider would answer it."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@pytest.fixture
def log(tmp_path: Path) -> Engine:
    return open_log(f"sqlite:///{tmp_path}/log.db")


def ask(middleware: Signing, message: bytes) -> tuple[str, bytes]:
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "1",
        "CONTENT_TYPE": "text/xml; charset=utf-8", "CONTENT_LENGTH": str(len(message)), "wsgi.url_scheme": "http",
        "HTTP_SOAPACTION": '"urn:bench:Ask"', "wsgi.input": BytesIO(message),
    }  # fmt: skip
    answer = b"".join(middleware(environ, lambda status, headers, *_: told.append(status)))
    return told[0], answer


def peer(kind: str, log: Engine) -> Signing:
    def call(rows: list[dict[str, Any]]) -> list[Answered]:
        return [Answered(**row) for row in rows]

    return Signing(application(call), party("EESMN", kind), party("naive", kind), log)


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_an_exchange(kind: str, log: Engine) -> None:
    message = Template(party("EESMN", kind), content("Ask", 1_500)).message("q", time.time())
    status, answer = ask(peer(kind, log), message)
    assert status.startswith("200")
    assert verify_with_xmlsec(Reply(200, {}, answer), party("naive", kind).certificate) == {"Body", "Timestamp"}
    assert answer.count("Məmmədova".encode()) + answer.count(b"M&#601;mm&#601;dova") == content("Ask", 1_500).count(
        b"<b:row"
    )
    with Session(log) as session:
        assert [(row.kind, row.message) for row in session.scalars(select(Log).order_by(Log.id))] == [
            ("request", message),
            ("answer", answer),
        ]


def test_what_was_changed_is_refused_before_anything_is_kept(log: Engine) -> None:
    message = Template(party("EESMN", "p256"), content("Ask", 1_500)).message("q", time.time())
    with pytest.raises(InvalidSignature):
        ask(peer("p256", log), message.replace(b"5ABC001", b"5ABC009"))
    with Session(log) as session:
        assert session.scalars(select(Log)).all() == []


def test_a_body_that_the_schema_forbids_is_a_fault(log: Engine) -> None:
    body = content("Ask", 1_500).replace(b"5ABC001", b"short")
    status, answer = ask(peer("p256", log), Template(party("EESMN", "p256"), body).message("q", time.time()))
    assert status.startswith("500")
    assert b"Fault" in answer
