"""Attacks on extracts by who holds a genuine one: what was signed is moved aside, and something else is shown.

Each forged file keeps the genuine signature valid for somebody who looks only whether a signature in it verifies.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy

import pytest
from lxml import etree
from support.extracts import Keeper, verdict

from esb.kernel.xml import Element, XmlLimits, parse_message
from esb.registry.database import open_database

X = "{urn:shluz:extract:1}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"


@pytest.fixture(scope="module")
def keeper(sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    path = tmp_path_factory.mktemp("register") / "registry.db"
    path.write_bytes(sqlite_template.read_bytes())  # type: ignore[attr-defined]
    engine = open_database(f"sqlite:///{path}")
    keeper = Keeper(engine)
    keeper.enter()
    yield keeper
    engine.dispose()


@pytest.fixture(scope="module")
def genuine(keeper: Keeper) -> bytes:
    return keeper.make().xml


def forged(root: Element) -> Element:
    """The same extract with another owner and no signature."""
    copy = deepcopy(root)
    copy.remove(copy[-1])
    owner = copy.find(f"{X}Resource/{X}Owner")
    assert owner is not None
    owner.set("member", "EVIL")
    return copy


def inside_an_object(root: Element) -> Element:
    """The genuine root inside the signature's own Object, under a forged one with the same identifier."""
    shown, signature = forged(root), root[-1]
    bare = deepcopy(root)
    bare.remove(bare[-1])
    etree.SubElement(signature, f"{DS}Object").append(bare)
    shown.append(signature)
    return shown


def inside_an_object_with_another_name(root: Element) -> Element:
    """The same, and the forged root has another identifier."""
    shown = inside_an_object(root)
    shown.set("Id", "extract-" + "0" * 32)
    return shown


def beside_under_a_new_root(root: Element) -> Element:
    """A new root holds the forged extract first and the genuine one, signature and all, behind it."""
    both = etree.Element(f"{X}Extracts")
    shown = forged(root)
    shown.set("Id", "extract-" + "0" * 32)
    both.extend([shown, root])
    return both


def as_a_child(root: Element) -> Element:
    """The genuine extract as a child of the forged one."""
    shown = forged(root)
    shown.set("Id", "extract-" + "0" * 32)
    shown.append(root)
    return shown


def signature_taken_over(root: Element) -> Element:
    """The genuine signature under a forged extract, and nothing else."""
    shown = forged(root)
    shown.append(root[-1])
    return shown


def identifier_twice(root: Element) -> Element:
    """A second element with the root's identifier, in the place that is read first."""
    root[0].set("Id", str(root.get("Id")))
    return root


def identifier_in_other_spellings(root: Element) -> Element:
    """xml:id names an element too, for some readers."""
    root[0].set("{http://www.w3.org/XML/1998/namespace}id", str(root.get("Id")))
    return root


def another_properties(root: Element) -> Element:
    """A second set of signed properties, of which one is verified and the other shown."""
    properties = root.find(f".//{XADES}QualifyingProperties")
    assert properties is not None
    copy = deepcopy(properties[0])
    copy.set("Id", "other")
    properties.append(copy)
    return root


def reference_to_an_empty_name(root: Element) -> Element:
    """The reference is to the whole document, whatever it is by then."""
    reference = root.find(f".//{DS}Reference")
    assert reference is not None
    reference.set("URI", "")
    return root


def only_a_part_is_signed(root: Element) -> Element:
    """The reference is to a part, for a reader who asks only that some reference verifies."""
    root[0].set("Id", "part")
    reference = root.find(f".//{DS}Reference")
    assert reference is not None
    reference.set("URI", "#part")
    return root


def a_key_beside_the_certificate(root: Element) -> Element:
    """A KeyValue that some verifiers would use instead."""
    info = root.find(f".//{DS}KeyInfo")
    assert info is not None
    etree.SubElement(info, f"{DS}KeyValue")
    return root


def a_comment_in_a_value(root: Element) -> Element:
    """Inclusive canonical XML without comments drops it, and a careless reader stops at it."""
    code = root.find(f"{X}Resource/{X}Purpose")
    assert code is not None
    code.text, tail = "Başqa", "məqsəd"
    comment = etree.Comment("x")
    comment.tail = tail
    code.append(comment)
    return root


ATTACKS: dict[str, Callable[[Element], Element]] = {
    attack.__name__: attack
    for attack in (
        inside_an_object,
        inside_an_object_with_another_name,
        beside_under_a_new_root,
        as_a_child,
        signature_taken_over,
        identifier_twice,
        identifier_in_other_spellings,
        another_properties,
        reference_to_an_empty_name,
        only_a_part_is_signed,
        a_key_beside_the_certificate,
        a_comment_in_a_value,
    )
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_wrapping_is_believed(keeper: Keeper, genuine: bytes, name: str) -> None:
    assert verdict(genuine, keeper.believed) == "verified"
    attacked = etree.tostring(ATTACKS[name](parse_message(genuine, XmlLimits())), encoding="UTF-8")
    assert attacked != genuine
    assert verdict(attacked, keeper.believed) in ("signature-misplaced", "tampered")


def test_a_comment_that_changes_nothing_shows_nothing_either(keeper: Keeper, genuine: bytes) -> None:
    """It is dropped before anything is verified or read, so value and signature are of the same text."""
    commented = genuine.replace("təsdiqi".encode(), "təs<!-- x -->diqi".encode())
    assert commented != genuine
    assert verdict(commented, keeper.believed) == "verified"


@pytest.mark.parametrize(
    "inserted", [b"<!DOCTYPE x [<!ENTITY e 'y'>]>", b"<?xml-stylesheet href='http://evil.example/x.xsl'?>"]
)
def test_nothing_that_a_reader_would_run(keeper: Keeper, genuine: bytes, inserted: bytes) -> None:
    root = genuine.index(b"<x:Extract")
    assert verdict(genuine[:root] + inserted + genuine[root:], keeper.believed) == "unreadable"
