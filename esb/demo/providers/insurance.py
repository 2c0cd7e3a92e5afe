"""The Social Protection Fund's insured persons (DSMF/SIGORTA/InsuredPersons/v1): SOAP 1.2 alone, one WSDL with its
schema inside, and the Fund signs its answers with its own key."""

import sqlite3
from functools import cache
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from esb.demo.people import make_population
from esb.demo.providers.frame import Desk, Wsgi, run
from esb.demo.providers.plain import Question, contract_files, serve_by_hand
from esb.demo.signing import Identity, read_identity, sign_envelope
from esb.kernel.namespaces import SOAP12
from esb.kernel.xml import parse_document

NAMESPACE: Final = "http://sigorta.dsmf.example/2015/insured"
WSDL: Final = "/sigorta/InsuredPersons.wsdl"
_COLUMNS: Final = "number, fin, since, months, paid"


def fill(path: Path) -> None:
    """Make the Fund's database."""
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE insured ({_COLUMNS}, PRIMARY KEY (fin)) WITHOUT ROWID")
        database.executemany(
            f"INSERT INTO insured ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - the names above
            [
                (each.number, each.fin, each.since.isoformat(), each.months, str(each.paid))
                for each in make_population().insured
            ],
        )
    database.close()


def build(desk: Desk) -> Wsgi:
    """The system as a WSGI application."""
    database = desk.folder / "insurance.db"
    fill(database)

    @cache  # the Fund gets its certificate after its system runs; it is read when the first answer is signed
    def identity() -> Identity:
        return read_identity(desk.keys, "DSMF")

    def answer(question: Question) -> bytes:
        desk.journal.note(question.operation)
        found = _find(database, question.text("fin"))
        content = ""
        if found is not None:
            number, fin, since, months, paid = found
            content = (
                f"<i:insuredPerson><i:insuranceNumber>{escape(number)}</i:insuranceNumber><i:fin>{escape(fin)}</i:fin>"
                f"<i:insuredSince>{since}</i:insuredSince><i:monthsInsured>{months}</i:monthsInsured>"
                f'<i:contributionsPaid currency="AZN">{paid}</i:contributionsPaid></i:insuredPerson>'
            )
        return (f'<i:GetInsuredPersonResponse xmlns:i="{NAMESPACE}">{content}</i:GetInsuredPersonResponse>').encode()

    def sign(envelope: bytes) -> bytes:
        root = parse_document(envelope, "answer")
        sign_envelope(root, identity())
        return etree.tostring(root)

    return serve_by_hand(SOAP12, contract_files("sigorta", f"{desk.url}/sigorta/InsuredPersons"), answer, sign)


def _find(database: Path, fin: str) -> tuple[str, str, str, int, str] | None:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        row: tuple[str, str, str, int, str] | None = connection.execute(
            f"SELECT {_COLUMNS} FROM insured WHERE fin = ?",  # noqa: S608 - the names above
            (fin,),
        ).fetchone()
        return row
    finally:
        connection.close()


if __name__ == "__main__":
    run("insurance", build)
