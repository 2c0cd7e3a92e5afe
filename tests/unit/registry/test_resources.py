"""What the registers refuse, and what the connection procedure may do with an entry."""

from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import update
from support.entries import information_resource, personal_system

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.documents import put_document
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.register_models import ResourceVersionRow
from esb.registry.resource_entry import Register, ResourceStatus
from esb.registry.resource_reading import EntryRefused, read_entry
from esb.registry.resources import (
    change_resource,
    get_resource,
    list_resources,
    register_resource,
    resource_history,
    set_resource_status,
    transfer_resource,
)

S = ResourceStatus


@pytest.fixture
def entered(act: Act, service: ServiceId) -> str:
    """The code of an entry that stands in the register as a draft."""
    return register_resource(act, read_entry(information_resource()), "ilk qeydiyyat").code


def test_an_entry_that_names_what_is_not_there_is_told_all_of_it(act: Act, service: ServiceId) -> None:
    document = personal_system(
        operator={"member": "KIMSE"},
        services=["DIN/Yoxdur", "DIN/IAMAS/Yoxdur/v1", "DIN/IAMAS", service.text],
        exchange=["soap-bus"],
        documents=[{"sha256": "0" * 64, "name": "a.pdf"}],
    )
    with pytest.raises(EntryRefused) as refused:
        register_resource(act, read_entry(document), "x")
    assert [one.partition(":")[0] for one in refused.value.problems] == [
        "operator.member",
        "services",
        "services",
        "documents",
    ]
    known = put_document(act, b"x", "a.pdf", "application/pdf")
    document |= {"operator": {"member": "DSMF"}, "services": ["DIN/IAMAS", service.text]}
    document |= {"documents": [{"sha256": known, "name": "a.pdf"}]}
    assert register_resource(act, read_entry(document), "x").number == 1


def test_an_entry_put_together_from_unchecked_parts_is_checked(act: Act, service: ServiceId) -> None:
    with pytest.raises(EntryRefused, match="protection"):
        register_resource(act, replace(read_entry(personal_system()), protection=()), "x")


def test_a_code_is_given_once(act: Act, entered: str) -> None:
    assert register_resource(act, read_entry(information_resource()), "again").number == 1
    with pytest.raises(Conflict, match="esb resource set DIN/Yollar"):
        register_resource(act, read_entry(information_resource(purpose="başqa")), "x")


def test_a_code_begins_with_its_first_owner(act: Act, service: ServiceId) -> None:
    with pytest.raises(Conflict, match="begins with another member"):
        register_resource(act, read_entry(information_resource(owner="DSMF")), "x")


def test_a_change_needs_a_reason_and_an_entry(act: Act, entered: str) -> None:
    with pytest.raises(Invalid, match="the reason is empty"):
        change_resource(act, read_entry(information_resource(purpose="başqa")), " ")
    with pytest.raises(NotFound, match="esb resource list"):
        change_resource(act, read_entry(information_resource(code="DIN/Başqa".replace("ş", "s"))), "x")


def test_what_a_change_cannot_do(act: Act, entered: str) -> None:
    with pytest.raises(Conflict, match="transfer"):
        change_resource(act, read_entry(information_resource(owner="DSMF")), "x")
    moved = personal_system(code=entered)
    with pytest.raises(Conflict, match="other register"):
        change_resource(act, read_entry(moved), "x")


def test_the_same_entry_again_makes_no_version(act: Act, entered: str) -> None:
    assert change_resource(act, read_entry(information_resource()), "x").number == 1
    assert set_resource_status(act, entered, S.DRAFT, "x").number == 1
    assert transfer_resource(act, entered, "DIN", "x").number == 1


def test_another_owner_comes_by_transfer_and_the_code_stays(act: Act, entered: str) -> None:
    moved = transfer_resource(act, entered, "DSMF", "fərman")
    assert (moved.code, moved.entry.owner, moved.number) == ("DIN/Yollar", "DSMF", 2)
    assert [one.code for one in list_resources(act.session, owner="DSMF")] == ["DIN/Yollar"]
    assert not list(list_resources(act.session, owner="DIN"))
    changed = change_resource(act, read_entry(information_resource(owner="DSMF", purpose="başqa")), "x")
    assert [one.number for one in resource_history(act.session, entered)] == [1, 2, changed.number]
    with pytest.raises(NotFound, match="member"):
        transfer_resource(act, entered, "KIMSE", "x")


def test_each_register_is_listed_by_itself(act: Act, entered: str) -> None:
    register_resource(act, read_entry(personal_system()), "x")
    by_register = {
        register: [one.code for one in list_resources(act.session, register=register)] for register in Register
    }
    assert by_register == {Register.INFORMATION: ["DIN/Yollar"], Register.PERSONAL: ["DIN/IAMAS"]}
    assert [one.code for one in list_resources(act.session)] == ["DIN/IAMAS", "DIN/Yollar"]


def test_what_is_not_there(act: Act, entered: str) -> None:
    with pytest.raises(NotFound, match="versions are 1 to 1"):
        get_resource(act.session, entered, version=2)
    with pytest.raises(NotFound, match="first version is of 1970-01-01T00:16:40"):
        get_resource(act.session, entered, as_of=999.0)
    for ask in (get_resource, resource_history):
        with pytest.raises(NotFound, match="neither register"):
            ask(act.session, "DIN/Nothing")
    with pytest.raises(Invalid, match="not a time"):
        get_resource(act.session, entered, as_of=float("nan"))


def test_versions_cite_one_another(act: Act, entered: str) -> None:
    set_resource_status(act, entered, S.REGISTERED, "x")
    set_resource_status(act, entered, S.SUSPENDED, "x")
    for one, next_one in pairwise(resource_history(act.session, entered)):
        assert one.number + 1 == next_one.number
        assert one.sha256 != next_one.sha256


def test_a_version_that_was_altered_in_the_database_is_noticed(act: Act, entered: str) -> None:
    altered = get_resource(act.session, entered).document.replace("Yol", "Dəmiryol")
    act.session.execute(update(ResourceVersionRow).values(document=altered))
    act.session.expire_all()
    with pytest.raises(Invalid, match="backup"):
        get_resource(act.session, entered)
