"""A stranger verifies: each step, and which word tells that it failed."""

from dataclasses import replace

import pytest
from lxml import etree
from support.extracts import DAY, NOW, Authority, Keeper, check, verdict

from esb.admin.extract_check import LARGEST, ExtractRefused, Step
from esb.certs.xades import sign_document
from esb.kernel.xml import XmlLimits, parse_message


@pytest.mark.parametrize("form", ["xml", "pdf"])
@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_good_extract_is_believed_step_by_step(keeper: Keeper, form: str, kind: str) -> None:
    made = keeper.make(keeper.authority.signer(kind=kind))
    steps: list[Step] = []
    assert check(getattr(made, form), keeper.believed, told=steps.append) == made.extract
    assert [step.proven for step in steps] == [True, True, True, form == "pdf", True, True, True]


def test_the_signer_itself_may_be_what_is_believed(keeper: Keeper) -> None:
    made = keeper.make()
    pinned = replace(keeper.believed, anchors=keeper.signer.chain[:1], signer=None, lists=())
    assert verdict(made.pdf, pinned) == "verified"


def test_without_a_list_revocation_is_told_as_not_checked(keeper: Keeper) -> None:
    steps: list[Step] = []
    check(keeper.make().pdf, replace(keeper.believed, lists=()), told=steps.append)
    assert (steps[-1].proven, steps[-1].text.startswith("Not checked")) == (False, True)


def test_tampered_expired_and_revoked_are_told_apart(keeper: Keeper) -> None:
    made, believed = keeper.make(), keeper.believed
    authority, certificate = keeper.authority, keeper.signer.chain[0]
    assert verdict(made.xml.replace("Şəxsiyyət".encode(), "Səxsiyyət".encode()), believed) == "tampered"
    assert verdict(made.pdf.replace("Şəxsiyyət".encode(), "Çəxsiyyət".encode()), believed) == "tampered"
    assert verdict(made.pdf, replace(believed, lists=(authority.crl(certificate),))) == "revoked"
    assert verdict(made.pdf, believed, NOW + 366 * DAY) == "expired"
    assert verdict(made.pdf, believed, NOW + 8 * DAY) == "revocation-unknown"
    assert verdict(made.pdf, believed, NOW - DAY / 2) == "not-yet-valid"


def test_a_list_of_somebody_else_is_not_believed(keeper: Keeper) -> None:
    believed = replace(keeper.believed, lists=(Authority("Başqa CA").crl(),))
    assert verdict(keeper.make().pdf, believed) == "revocation-unknown"


def test_it_can_be_judged_as_of_when_one_had_it(keeper: Keeper) -> None:
    made = keeper.make()
    believed = replace(keeper.believed, lists=())
    assert verdict(made.pdf, believed, NOW + 366 * DAY) == "expired"
    assert verdict(made.pdf, believed, NOW + DAY) == "verified"


def test_an_authority_that_ended_is_told_as_expired(keeper: Keeper) -> None:
    keeper.authority = Authority(days=400)
    made = keeper.make(keeper.authority.signer(days=10))
    believed = replace(keeper.believed, lists=())
    assert verdict(made.pdf, believed, NOW + 500 * DAY) == "expired"


def test_only_who_was_expected_is_believed(keeper: Keeper) -> None:
    """Every member has a certificate of the same authority, and could sign what looks like an extract."""
    believed = keeper.believed
    forged = keeper.make(keeper.authority.signer("DIN"))
    assert verdict(forged.pdf, believed) == "wrong-signer"
    assert verdict(forged.pdf, replace(believed, signer=None)) == "wrong-signer"
    stranger = keeper.make(Authority("Sınaq CA").signer())
    assert verdict(stranger.pdf, believed) == "untrusted"


def test_an_issuer_that_is_not_the_signer_is_refused(keeper: Keeper) -> None:
    """A member signs with its own key, and writes another's name."""
    made = keeper.make(keeper.authority.signer("DIN"))
    root = parse_message(made.xml, XmlLimits())
    root.remove(root[-1])
    issuer = root.find("{urn:shluz:extract:1}Issuer")
    assert issuer is not None
    issuer.text = "bus"
    signer = keeper.authority.signer("DIN")
    forged = sign_document(root, signer.key, signer.chain, NOW)
    assert verdict(forged, replace(keeper.believed, signer="DIN")) == "wrong-signer"


def test_a_signed_document_that_is_no_extract(keeper: Keeper) -> None:
    signer = keeper.signer
    other = sign_document(parse_message(b'<a Id="x"/>', XmlLimits()), signer.key, signer.chain, NOW)
    assert verdict(other, keeper.believed) == "unreadable"
    # An extract in form whose content was put together wrongly by its signer.
    root = parse_message(keeper.make().xml.replace("Şəxsiyyət".encode(), "Səxsiyyət".encode()), XmlLimits())
    root.remove(root[-1])
    assert verdict(sign_document(root, signer.key, signer.chain, NOW), keeper.believed) == "unreadable"


@pytest.mark.parametrize("octets", [b"", b"hello", b"<!DOCTYPE a><a/>", b"<a/>", b"%PDF-1.7\n%%EOF\n", b"\x00" * 100])
def test_whatever_it_is_it_is_refused(keeper: Keeper, octets: bytes) -> None:
    assert verdict(octets, keeper.believed) in ("unreadable", "signature-misplaced", "pages-changed")


def test_what_is_too_large_is_not_looked_at(keeper: Keeper) -> None:
    assert verdict(b" " * (LARGEST + 1), keeper.believed) == "unreadable"


def test_pages_of_another_extract_are_noticed(keeper: Keeper) -> None:
    one, two = keeper.make(), keeper.make()
    size = one.pdf.index(b"%Shluz-Extract-1")
    assert verdict(two.pdf[: two.pdf.index(b"%Shluz-Extract-1")] + one.pdf[size:], keeper.believed) == "pages-changed"


def test_what_is_told_is_what_was_signed(keeper: Keeper) -> None:
    """The extract comes from the element that the verification returned, and from nothing beside it."""
    made = keeper.make()
    root = parse_message(made.xml, XmlLimits())
    signature = root[-1]
    etree.SubElement(root, "{urn:shluz:extract:1}Status").text = "retired"
    root.append(signature)
    with pytest.raises(ExtractRefused, match="TAMPERED"):
        check(etree.tostring(root), keeper.believed)
