"""When the records were in the log: by a time-stamp of the checkpoint, from an authority that is believed."""

from dataclasses import replace

import pytest
from support.packages import Packages
from support.rig import party

from esb.admin.evidence.case import Broken, Case
from esb.admin.evidence.layout import read_facts, write_facts
from esb.admin.evidence.time_steps import timestamp


def case_of(packages: Packages) -> Case:
    return packages.verify(packages.answered).case


def test_the_homes_own_authority_is_believed_with_its_anchor(packages: Packages) -> None:
    case = case_of(packages)
    found = timestamp(case)
    assert found is not None
    assert found.proven
    assert "by CN=tsa" in found.text
    case.believed = replace(case.believed, stampers=packages.sources.anchors)
    assert timestamp(case) == found


def test_another_authoritys_stamp_shows_nothing_and_is_not_enough_where_one_is_named(packages: Packages) -> None:
    case, stranger = case_of(packages), party("STRANGER").certificate
    case.believed = replace(case.believed, anchors=(stranger,))
    found = timestamp(case)
    assert found is not None
    assert not found.proven
    assert "--tsa-anchor" in found.text
    case.believed = replace(case.believed, stampers=(stranger,))
    with pytest.raises(Broken, match="none of the anchors"):
        timestamp(case)


def test_a_stamp_of_another_checkpoint_is_told(packages: Packages) -> None:
    other = packages.log_signer.checkpoint(1_000, bytes(32))

    def alter(files: dict[str, bytes]) -> None:
        files["time/1.tst"] = files["time/1.tst"][:-8] + bytes(8)

    assert packages.broken_at(packages.forged(packages.answered, alter)) == "timestamp"
    case = case_of(packages)
    case.files = {**case.files, "log/checkpoint": other}
    from esb.certs.stamps import StampInvalid

    with pytest.raises(StampInvalid, match="digest is another"):
        timestamp(case)


def test_a_record_from_after_its_stamp_is_told(packages: Packages) -> None:
    from support.packages import with_facts

    case = case_of(packages)
    held = case.records["answer"]
    late = with_facts(held.entry, at=held.entry.at + 3_600_000_000)
    case.records["answer"] = replace(held, entry=late)
    with pytest.raises(Broken, match="after it was time-stamped"):
        timestamp(case)


def test_without_a_stamp_nothing_is_shown(packages: Packages) -> None:
    def alter(files: dict[str, bytes]) -> None:
        del files["time/1.tst"]
        facts = read_facts(files["facts.json"])
        files["facts.json"] = write_facts(replace(facts, missing={"time-stamp": "none yet"}))

    octets = packages.forged(packages.answered, alter)
    (step,) = packages.verify(octets).not_shown
    assert (step.name, step.found) == ("timestamp", "none yet")
    assert packages.broken_at(octets, replace(packages.believed, stampers=packages.sources.anchors)) == "timestamp"
