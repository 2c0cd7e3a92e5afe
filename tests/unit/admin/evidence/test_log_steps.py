"""The first steps: what the container holds, and that the log's tree has it."""

import pytest
from support.packages import Packages

from esb.admin.evidence import log_steps
from esb.admin.evidence.case import Broken, Case
from esb.admin.evidence.container import read_container
from esb.admin.evidence.layout import changes_in


def test_they_take_from_the_package_what_they_have_shown(packages: Packages) -> None:
    case = Case(packages.answered, packages.believed)
    for step in (log_steps.container, log_steps.seal, log_steps.contents, log_steps.checkpoint):
        assert step(case).proven
    assert log_steps.witnesses(case) is None
    assert not case.records
    assert "-q at " in log_steps.records(case).text
    assert case.changes == []
    assert "request: leaf " in log_steps.inclusion(case).text
    assert len(case.changes) > 5
    assert log_steps.change(case) is None


def test_a_change_whose_message_is_another_is_told(packages: Packages) -> None:
    one, two = [*changes_in(read_container(packages.answered).files)][:2]
    other = read_container(packages.export(two).octets).files["messages/change.json"]
    mine = packages.export(one).octets
    octets = packages.forged(mine, lambda files: files.update({"messages/change.json": other}))
    assert packages.broken_at(octets) == "change"
    assert packages.broken_at(mine) == ""
    with pytest.raises(Broken):
        log_steps.seal(Case(b"", packages.believed))
