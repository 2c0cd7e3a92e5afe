"""Components by name, and what stands behind names in chameleons."""

from esb.kernel.contract import Contract
from esb.wsdl.components import index


def test_what_derives_from_what(family: Contract) -> None:
    found = index(family)
    person = "{urn:example:person}Person"
    assert found.derived[person] == ["{urn:example:person}Citizen"]
    assert found.derived[f"{person}.original"] == [person]


def test_names_in_a_chameleon_mean_the_namespace_it_took_on(family: Contract) -> None:
    found = index(family)
    for namespace in ("urn:example:person", "urn:example:common"):
        code = found.by_name["type", f"{{{namespace}}}Code"]
        assert found.name(code[0], "base") == f"{{{namespace}}}Letters"
        assert found.name(code[0], "itemType") is None


def test_local_forms(family: Contract) -> None:
    found = index(family)
    find = found.by_name["type", "{urn:example:messages}Find"]
    assert found.is_qualified(find[0][0], "elementFormDefault")
    day = found.by_name["type", "{urn:example:common}Day"]
    assert not found.is_qualified(day[0][0], "elementFormDefault")
