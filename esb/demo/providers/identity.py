"""Internal Affairs' identity lookup (DIN/IAMAS/PersonQuery/v1): SOAP 1.1 by hand, its contract a bundle of four files.

It gets the consumer's signature carried on beside the bus's own, and checks both itself before it answers.
"""

import sqlite3
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from esb.demo.people import Person, make_population
from esb.demo.providers.frame import Desk, Wsgi, run
from esb.demo.providers.plain import Question, SoapFault, contract_files, serve_by_hand
from esb.demo.signing import OpinionError, check_signature, security_headers
from esb.kernel.namespaces import BUS_ACTOR, SOAP11
from esb.kernel.xml import Element

NAMESPACE: Final = "urn:az:din:iamas:person:1"
WSDL: Final = "/iamas/PersonQuery.wsdl"
_ACTOR: Final = f"{{{SOAP11}}}actor"
_COLUMNS: Final = "fin, surname, name, patronymic, sex, born, birthplace, document"


def fill(path: Path) -> None:
    """Make the register's database."""
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE person ({_COLUMNS}, PRIMARY KEY (fin)) WITHOUT ROWID")
        database.executemany(
            f"INSERT INTO person ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - the names above
            [_row(person) for person in make_population().people],
        )
    database.close()


def build(desk: Desk) -> Wsgi:
    """The system as a WSGI application."""
    database = desk.folder / "identity.db"
    fill(database)

    def answer(question: Question) -> bytes:
        desk.journal.note(question.operation, *_opinions(question.envelope, desk.bus_certificate))
        found = _find(database, question.text("fin"))
        if question.operation == "ConfirmIdentity":
            asked = (question.text("surname"), question.text("name"), question.text("born"))
            confirmed = found is not None and (found[1], found[2], found[5]) == asked
            return _element("ConfirmIdentityResponse", f"<p:confirmed>{str(confirmed).lower()}</p:confirmed>")
        if found is None:
            detail = _element("PersonNotFound", f"<p:fin>{escape(question.text('fin'))}</p:fin>").decode()
            raise SoapFault("Nobody bears this FIN.", detail)
        fin, surname, name, patronymic, sex, born, birthplace, document = map(escape, found)
        return _element(
            "FindPersonResponse",
            f"<p:person><p:fin>{fin}</p:fin><p:fullName><p:surname>{surname}</p:surname><p:name>{name}</p:name>"
            f"<p:patronymic>{patronymic}</p:patronymic></p:fullName><p:sex>{sex}</p:sex><p:born>{born}</p:born>"
            f"<p:birthplace>{birthplace}</p:birthplace><p:document>{document}</p:document></p:person>",
        )

    return serve_by_hand(SOAP11, contract_files("iamas", f"{desk.url}/iamas/PersonQuery"), answer)


def _opinions(envelope: Element, bus_certificate: Path) -> list[str]:
    """What this system finds of the signatures: the bus's, with the certificate it was given, and the consumer's."""
    words = []
    body = envelope.find(f"{{{SOAP11}}}Body")
    for security in security_headers(envelope):
        from_bus = security.get(_ACTOR) == BUS_ACTOR
        try:
            covered = check_signature(security, bus_certificate.read_bytes() if from_bus else None)
        except OpinionError:
            covered = ()
        holds = any(part is body for part in covered)
        words.append(f"{'bus' if from_bus else 'consumer'}-signature={'holds' if holds else 'broken'}")
    return words


def _find(database: Path, fin: str) -> tuple[str, ...] | None:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        row: tuple[str, ...] | None = connection.execute(
            f"SELECT {_COLUMNS} FROM person WHERE fin = ?",  # noqa: S608 - the names above
            (fin,),
        ).fetchone()
        return row
    finally:
        connection.close()


def _row(person: Person) -> tuple[str, ...]:
    return (
        person.fin,
        person.surname,
        person.name,
        person.patronymic,
        person.sex,
        person.born.isoformat(),
        person.birthplace,
        person.document,
    )


def _element(local: str, content: str) -> bytes:
    return f'<p:{local} xmlns:p="{NAMESPACE}">{content}</p:{local}>'.encode()


if __name__ == "__main__":
    run("identity", build)
