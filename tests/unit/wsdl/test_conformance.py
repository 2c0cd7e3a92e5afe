"""WS-I Basic Profile: the good description keeps it whole, and each edit breaks the statement that it is for."""

from pathlib import Path

import pytest
from support.descriptions import BROKEN, GOOD, closed, edited

from esb.wsdl.conformance import breaches
from esb.wsdl.profile import STATEMENTS
from esb.wsdl.read import complete


def test_a_good_description_breaks_nothing_and_is_served(tmp_path: Path) -> None:
    contract = closed(tmp_path, GOOD)
    assert breaches(contract) == ()
    assert [operation.name for operation in complete(contract).operations] == ["GetDebt", "CountDebts"]


@pytest.mark.parametrize("statement", BROKEN)
def test_each_breach_is_told_with_its_statement_and_place(statement: str, tmp_path: Path) -> None:
    found = breaches(closed(tmp_path, edited(BROKEN[statement])))
    told = [breach for breach in found if breach.statement.id == statement]
    assert told, f"{statement} was not found among {[breach.statement.id for breach in found]}"
    assert all(breach.where and breach.found and breach.mend for breach in told)


def test_every_statement_that_is_judged_has_a_bad_example() -> None:
    """But two that reading itself refuses before anybody can judge them; they have tests of their own."""
    assert set(STATEMENTS) - set(BROKEN) == {"R2007", "R2101"}


@pytest.mark.parametrize("contract", ["person.wsdl", "twins.wsdl"])
def test_contracts_of_this_projects_tests_conform(contract: str) -> None:
    from esb.wsdl.read import read_closed

    folder = Path(__file__).parents[2] / "support" / "contracts"
    found = [breach for breach in breaches(read_closed(folder / contract)) if breach.statement.must]
    assert found == []
