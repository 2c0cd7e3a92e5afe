"""The grant of the record: on record, in force, and of these terms."""

from dataclasses import replace

import pytest
from support.packages import Packages

from esb.admin.evidence.case import Broken, Case
from esb.admin.evidence.facts import ChangeFacts
from esb.admin.evidence.registry_steps import grant, registry


def altered(packages: Packages, **detail: object) -> Case:
    case = packages.verify(packages.answered).case
    case.changes = [
        replace(each, detail={**each.detail, **detail}) if each.thing[0] == "grant" else each for each in case.changes
    ]
    return case


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ({"purpose": "x"}, "another purpose"),
        ({"legal_basis": "x"}, "another legal_basis"),
        ({"consumer": "DIN"}, "is of DIN"),
        ({"service": "DIN/IAMAS/Other/v1"}, "Other"),
        ({"operations": ["CountPersons"]}, "not for the operation"),
        ({"valid_from": 4e9}, "only from"),
        ({"valid_until": 1e9}, "had ended"),
    ],
)  # fmt: skip
def test_terms_that_do_not_allow_it_are_told(packages: Packages, detail: dict[str, object], text: str) -> None:
    with pytest.raises(Broken, match=text):
        grant(altered(packages, **detail))
    with pytest.raises(Broken, match="something else"):
        registry(altered(packages, **detail))


def test_a_grant_that_nobody_approved_or_that_was_taken_back_is_told(packages: Packages) -> None:
    case = altered(packages)
    assert case.asked is not None
    entry = case.asked[1]
    thing = ("grant", str(entry.grant))
    case.changes = [replace(each, act="request") if each.thing == thing else each for each in case.changes]
    with pytest.raises(Broken, match="nobody had approved"):
        grant(case)
    case.changes.append(ChangeFacts("x", 998, entry.at - 9, "second", "approve", thing, {}))
    assert grant(case) is not None
    for before, broken in ((1_000_000, False), (61_000_000, True)):
        revoked = ChangeFacts("x", 999, entry.at - before, "third", "revoke", thing, {"reason": "x"})
        taken_back = replace_changes(case, [*case.changes, revoked])
        if broken:
            with pytest.raises(Broken, match="had been revoked"):
                grant(taken_back)
        else:
            assert grant(taken_back) is not None


def replace_changes(case: Case, changes: list[ChangeFacts]) -> Case:
    return replace(case, changes=changes)


def test_a_grant_without_its_change_is_not_shown(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    case.changes = []
    found = grant(case)
    assert found is not None
    assert not found.proven
