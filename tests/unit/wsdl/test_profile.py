"""Statements of the profile are known by their ids, and a breach says which."""

from pathlib import Path

from support.descriptions import GOOD, closed

from esb.wsdl.profile import STATEMENTS, breach, describe


def test_musts_and_shoulds() -> None:
    assert {name for name, one in STATEMENTS.items() if not one.must} == {"R2026", "R2112", "R2209", "R2711", "R2740"}
    assert len(STATEMENTS) > 30


def test_a_breach_says_where(tmp_path: Path) -> None:
    description = describe(closed(tmp_path, GOOD))
    names = [name for name, _ in description.wsdls()]
    assert names == ["tax.wsdl", "faults.wsdl"]
    found = breach("R2105", "tax.wsdl", description.roots["tax.wsdl"], "found", "mend")
    assert found.where.startswith("tax.wsdl, line")
    assert found.statement.must
