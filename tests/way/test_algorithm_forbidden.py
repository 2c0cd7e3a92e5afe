"""AlgorithmForbidden: what is weak, slow, or executes something is not in the list, whatever it signs."""

from typing import Any

import pytest
from lxml import etree
from support.client import NS, Consumer
from support.handmade import (
    ECDSA_SHA1,
    HMAC_SHA256,
    INCLUSIVE,
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    Choices,
    handmade,
)
from support.place import Place
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

DS = f"{{{NS['ds']}}}"


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        (Choices(digest=SHA1), rules.SIG_ALGORITHM),
        (Choices(signature=ECDSA_SHA1), rules.SIG_ALGORITHM),
        (Choices(c14n=INCLUSIVE), rules.SIG_ALGORITHM),
        (Choices(transform=INCLUSIVE), rules.SIG_TRANSFORM),
        (Choices(signature=HMAC_SHA256), rules.SIG_ALGORITHM),
    ],
    ids=["SHA-1 digest", "SHA-1 signature", "inclusive C14N", "inclusive transform", "HMAC with the certificate"],
)
def test_what_the_list_lacks(asker: Asker, eesmn: Consumer, version: SoapVersion, choices: Choices, rule: Any) -> None:
    expect_refusal(asker.send(handmade(eesmn, version=version, choices=choices), version), rule)


def test_rsa_with_sha_1(asker: Asker, place: Place, version: SoapVersion) -> None:
    consumer = place.consumers.get("RSA-SHA1") or place.member("RSA-SHA1", "rsa2048")
    place.settle()
    message = handmade(consumer, version=version, choices=Choices(signature=RSA_SHA1))
    expect_refusal(asker.send(message, version), rules.SIG_ALGORITHM)


def test_an_algorithm_for_another_kind_of_key(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    def claim(root: Any) -> None:
        root.find(".//ds:SignatureMethod", NS).set("Algorithm", RSA_SHA256)

    expect_refusal(asker.send(handmade(eesmn, version=version, change=claim), version), rules.SIG_KEY_MATCH)


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
    ],
)
def test_a_transform_that_could_change_what_was_signed(
    asker: Asker, eesmn: Consumer, version: SoapVersion, algorithm: str
) -> None:
    def add(root: Any) -> None:
        transforms = root.find(".//ds:Transforms", NS)
        transforms.insert(0, etree.Element(DS + "Transform", Algorithm=algorithm))

    expect_refusal(asker.send(handmade(eesmn, version=version, change=add), version), rules.SIG_TRANSFORM)


def test_no_algorithm_at_all(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    def none(root: Any) -> None:
        root.find(".//ds:SignatureMethod", NS).set("Algorithm", "none")

    expect_refusal(asker.send(handmade(eesmn, version=version, change=none), version), rules.SIG_ALGORITHM)
