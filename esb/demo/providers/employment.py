"""Labour's employment contracts (EESMN/EMAS/EmploymentContracts/v1): a Spyne service, which writes its own WSDL.

It sits behind the bus with plain SOAP: signatures end at the bus.
"""

import sqlite3
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final

# Spyne 2.14 cannot be imported on Python 3.12 but for the mending in there; all else is Spyne's own.
from esb.adapters.hosted.repairs import spyne
from esb.demo.people import make_population
from esb.demo.providers.frame import Desk, Wsgi, run

NAMESPACE: Final = "http://emas.eesmn.example/contracts"
WSDL: Final = "/emas?wsdl"
_COLUMNS: Final = "number, fin, employer, employer_name, position, began, ended, salary"

_Text = spyne.Unicode(min_occurs=1, nillable=False)
Fin = spyne.Unicode(pattern="[0-9A-HJ-NP-Z]{7}", type_name="Fin", min_occurs=1, nillable=False)


class EmploymentContract(spyne.ComplexModel):  # type: ignore[misc]  # Spyne has no types
    """A contract between an employer and somebody."""

    __namespace__ = NAMESPACE
    _type_info = (
        ("number", _Text),
        ("employer", spyne.Unicode(pattern="[0-9]{10}", type_name="Voen", min_occurs=1, nillable=False)),
        ("employer_name", _Text),
        ("position", _Text),
        ("began", spyne.Date(min_occurs=1, nillable=False)),
        ("ended", spyne.Date(min_occurs=0)),
        ("salary", spyne.Decimal(total_digits=10, fraction_digits=2, type_name="Manat", min_occurs=1, nillable=False)),
    )


def fill(path: Path) -> None:
    """Make the ministry's database."""
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE contract ({_COLUMNS})")
        database.execute("CREATE INDEX contract_fin ON contract (fin)")
        database.executemany(
            f"INSERT INTO contract ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - the names above
            [
                (
                    each.number,
                    each.fin,
                    each.employer,
                    each.employer_name,
                    each.position,
                    each.began.isoformat(),
                    None if each.ended is None else each.ended.isoformat(),
                    str(each.salary),
                )
                for each in make_population().contracts
            ],
        )
    database.close()


def build(desk: Desk) -> Wsgi:
    """The system as a WSGI application."""
    database = desk.folder / "employment.db"
    fill(database)

    asked = spyne.rpc(Fin, spyne.Boolean(min_occurs=0, default=False), _returns=spyne.Array(EmploymentContract))

    class EmploymentContracts(spyne.ServiceBase):  # type: ignore[misc]  # Spyne has no types
        @asked  # type: ignore[untyped-decorator]
        def GetContracts(ctx: Any, fin: str, only_running: bool) -> list[EmploymentContract]:  # noqa: N802, N805
            """Employment contracts of a person, the first one first."""
            desk.journal.note("GetContracts")
            return [_contract(row) for row in _find(database, fin) if not only_running or row[6] is None]

    application = spyne.Application(
        [EmploymentContracts],
        tns=NAMESPACE,
        name="EmploymentContracts",
        in_protocol=spyne.protocol.soap.Soap11(validator="lxml"),
        out_protocol=spyne.protocol.soap.Soap11(),
    )
    wsgi: Wsgi = import_module("spyne.server.wsgi").WsgiApplication(application)
    return wsgi


def _find(database: Path, fin: str) -> Iterable[tuple[Any, ...]]:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(
            f"SELECT {_COLUMNS} FROM contract WHERE fin = ? ORDER BY began",  # noqa: S608 - the names above
            (fin,),
        ).fetchall()
    finally:
        connection.close()


def _contract(row: tuple[Any, ...]) -> EmploymentContract:
    number, _, employer, name, position, began, ended, salary = row
    return EmploymentContract(
        number=number,
        employer=employer,
        employer_name=name,
        position=position,
        began=date.fromisoformat(began),
        ended=None if ended is None else date.fromisoformat(ended),
        salary=Decimal(salary),
    )


if __name__ == "__main__":
    run("employment", build)
