"""Time limits of applications are called to mind: first to whose turn it is, then to the operator too."""

from pathlib import Path

from support.applicant import wrong
from support.descriptions import GOOD

from esb.admin.applications import apply_for_connection
from esb.admin.deadlines import remind
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits

from .conftest import NOW, Office

DAY = 86_400.0


def test_each_limit_is_told_once(office: Office, tmp_path: Path) -> None:
    given = Particulars("why", "IT", service="DIN/Tax/Debts/v1")
    contract = wrong(tmp_path / "c", GOOD)
    apply_for_connection(office.engine, "DIN", Kind.NEW, given, contract=contract, limits=Limits(), author="a", now=NOW)
    assert remind(office.engine, "timer", NOW) == 0
    assert remind(office.engine, "timer", NOW + 10 * DAY) == 1
    assert remind(office.engine, "timer", NOW + 10 * DAY) == 0
