"""What is kept of an extract, and who may see it."""

import pytest
from support.entries import information_resource

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.documents import put_document
from esb.registry.errors import Invalid, NotFound
from esb.registry.extracts import ExtractFacts, add_extract, get_extract, list_extracts
from esb.registry.resource_entry import Name
from esb.registry.resource_reading import read_entry
from esb.registry.resources import ResourceVersion, change_resource, register_resource

ID = "0123456789abcdef" * 2


@pytest.fixture
def entered(act: Act, service: ServiceId) -> ResourceVersion:
    """An entry that DSMF runs for DIN."""
    return register_resource(act, read_entry(information_resource(operator={"member": "DSMF"})), "ilk")


def add(act: Act, version: ResourceVersion, id: str = ID) -> ExtractFacts:
    digest = put_document(act, b"x", "a.xml", "text/xml")
    return add_extract(act, id, version, as_of=None, issuer="bus", signer="ab" * 32, xml=digest, pdf=digest)


def test_an_extract_is_shown_beside_what_stands_now(act: Act, entered: ResourceVersion) -> None:
    facts = add(act, entered)
    view = get_extract(act.session, ID)
    assert (view.facts, view.is_current) == (facts, True)
    assert view.owner == Name("Daxili İşlər Nazirliyi", "Ministry of Internal Affairs")
    assert view.operator == Name("Dövlət Sosial Müdafiə Fondu", "State Social Protection Fund")
    change_resource(act, read_entry(information_resource()), "özü idarə edir")
    view = get_extract(act.session, ID)
    assert (view.is_current, view.extracted.number, view.newest.number) == (False, 1, 2)
    assert view.operator is not None  # as it was when it was extracted


def test_extracts_are_listed_by_entry(act: Act, entered: ResourceVersion) -> None:
    facts = add(act, entered)
    assert list_extracts(act.session) == list_extracts(act.session, "DIN/Yollar") == [facts]
    assert list_extracts(act.session, "DIN/IAMAS") == []


@pytest.mark.parametrize("id", ["", ID[:-1], ID.upper(), f"{ID}\n", "f" * 32, "../etc/passwd"])
def test_who_has_not_the_whole_id_sees_nothing(act: Act, entered: ResourceVersion, id: str) -> None:
    add(act, entered)
    with pytest.raises(NotFound, match="copied whole"):
        get_extract(act.session, id)


def test_an_id_is_random_and_files_are_archived(act: Act, entered: ResourceVersion) -> None:
    with pytest.raises(Invalid, match="128 random bits"):
        add(act, entered, "1")
    with pytest.raises(NotFound, match="not archived"):
        add_extract(act, ID, entered, as_of=None, issuer="b", signer="ab" * 32, xml="cd" * 32, pdf="cd" * 32)
