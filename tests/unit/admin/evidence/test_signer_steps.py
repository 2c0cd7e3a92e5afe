"""Who signed: by the registry's changes on record, or by the verifier's own knowledge."""

from dataclasses import replace

import pytest
from support.packages import Packages, with_facts

from esb.admin.evidence import signer_steps
from esb.admin.evidence.case import Broken, Case, Held
from esb.admin.evidence.facts import ChangeFacts


def altered(packages: Packages, acts: str, **detail: object) -> Case:
    """A proven case whose registry says something else of certificates."""
    case = packages.verify(packages.answered).case
    case.changes = [
        replace(each, detail={**each.detail, **detail}) if each.thing[0] == "certificate" and each.act in acts else each
        for each in case.changes
    ]
    return case


def test_a_certificate_of_another_member_is_told(packages: Packages) -> None:
    case = altered(packages, "add issue", owner="OTHER")
    for step in (signer_steps.consumer_owner, signer_steps.provider_owner):
        with pytest.raises(Broken, match="it is of OTHER"):
            step(case)
    with pytest.raises(Broken, match="for signing"):
        signer_steps.consumer_owner(altered(packages, "add", use="tls"))


def test_a_certificate_that_was_revoked_before_is_told(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    assert case.asked is not None
    entry = case.asked[1]
    thing = ("certificate", entry.certificate)
    case.changes.append(ChangeFacts("x", 999, entry.at - 1, "o", "revoke", thing, {"revoked": [None, "superseded"]}))
    with pytest.raises(Broken, match="revoked by then"):
        signer_steps.consumer_owner(case)


def test_a_members_certificate_is_not_the_buss(packages: Packages) -> None:
    case = altered(packages, "issue", owner="EESMN")
    with pytest.raises(Broken, match="it is of EESMN"):
        signer_steps.bus_owner(case)
    with pytest.raises(Broken, match="it is of EESMN"):
        signer_steps.seal_signer(case)
    case.believed = replace(case.believed, bus=(*packages.sources.anchors, packages.signer.chain[0]))
    found = signer_steps.bus_owner(case)
    assert found is not None
    assert found.proven


def test_without_a_change_whose_it_is_is_not_shown(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    case.changes = []
    for step in (signer_steps.consumer_owner, signer_steps.bus_owner, signer_steps.provider_owner):
        found = step(case)
        assert found is not None
        assert not found.proven


def test_a_refusal_for_the_certificate_is_not_held_against_it(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    held = case.records.pop("request")
    entry = packages.exchanges["refused"].records[0].entry
    case.records["refusal"] = Held(with_facts(entry, rule="CRT-05"), held.leaf, held.proof)
    assert signer_steps.consumer_path(case) is signer_steps.consumer_revocation(case) is None
