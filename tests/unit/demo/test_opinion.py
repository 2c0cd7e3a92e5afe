"""The second opinion on an answer: not whether something is signed, but whether the right things are."""

import base64
import copy
import hashlib
from pathlib import Path

import pytest
from lxml import etree

from esb.demo.opinion import check_answer, check_by_command, command
from esb.demo.signing import Identity, OpinionError, sign_envelope
from esb.kernel.namespaces import EXCHANGE, SOAP11
from esb.kernel.xml import Element

SENT = b"the very bytes"


def answer(identity: Identity, receipt: bool = True, sent: bytes = SENT) -> Element:
    """An answer as the bus gives it, signed by somebody who is taken for the bus."""
    digest = base64.b64encode(hashlib.sha256(sent).digest()).decode()
    block = (
        f'<e:Receipt xmlns:e="{EXCHANGE}"><e:exchange>X</e:exchange><e:requestDigest>{digest}</e:requestDigest>'
        "<e:answerRecord><e:id>X-a</e:id><e:leaf>AAEC</e:leaf></e:answerRecord></e:Receipt>"
    )
    root = etree.fromstring(
        f'<S:Envelope xmlns:S="{SOAP11}"><S:Header>{block if receipt else ""}</S:Header>'
        '<S:Body><a xmlns="urn:a">1</a></S:Body></S:Envelope>'
    )
    sign_envelope(root, identity)
    return etree.fromstring(etree.tostring(root))


def test_a_whole_answer_gives_its_receipt(elliptic: Identity) -> None:
    receipt = check_answer(answer(elliptic), elliptic.certificate, SENT)
    assert (receipt.exchange, receipt.answer_record, receipt.answer_leaf) == ("X", "X-a", "000102")
    assert receipt.request_record == ""


def test_an_answer_to_another_request_is_not_believed(elliptic: Identity) -> None:
    with pytest.raises(OpinionError, match="another request"):
        check_answer(answer(elliptic), elliptic.certificate, SENT + b" ")


def test_an_answer_without_a_receipt_is_not_believed(elliptic: Identity) -> None:
    with pytest.raises(OpinionError, match="0 elements Receipt"):
        check_answer(answer(elliptic, receipt=False), elliptic.certificate, SENT)


def test_an_unsigned_answer_is_not_believed(elliptic: Identity) -> None:
    root = answer(elliptic)
    root[0].remove(root[0][-1])
    with pytest.raises(OpinionError, match="0 Security headers"):
        check_answer(root, elliptic.certificate, SENT)


def test_a_signature_over_a_body_that_stands_elsewhere_is_not_believed(elliptic: Identity) -> None:
    """The classic wrapping: the signed Body is moved into a header, and another takes its place."""
    root = answer(elliptic)
    body = root[1]
    forged = copy.deepcopy(body)
    forged.attrib.clear()
    forged[0].text = "2"
    root.replace(body, forged)
    etree.SubElement(root[0], "wrapper").append(body)
    with pytest.raises(OpinionError, match="does not cover the Body"):
        check_answer(root, elliptic.certificate, SENT)


def test_an_unsigned_receipt_is_not_believed(elliptic: Identity) -> None:
    root = answer(elliptic, receipt=False)
    root[0].append(answer(elliptic)[0][0])
    with pytest.raises(OpinionError, match="does not cover the Receipt"):
        check_answer(root, elliptic.certificate, SENT)


@pytest.mark.skipif(command() is None, reason="the command xmlsec1 is not installed")
def test_the_command_agrees_with_the_library(elliptic: Identity, tmp_path: Path) -> None:
    certificate = tmp_path / "bus.pem"
    certificate.write_bytes(elliptic.certificate)
    octets = etree.tostring(answer(elliptic))
    assert check_by_command(str(command()), octets, SOAP11, certificate)
    assert not check_by_command(str(command()), octets.replace(b">1</a>", b">2</a>"), SOAP11, certificate)
