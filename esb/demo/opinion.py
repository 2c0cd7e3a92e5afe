"""The second opinion on an answer of the bus: who signed it, what is signed, and which request it answers."""

import base64
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from esb.demo.signing import OpinionError, check_signature, security_headers
from esb.kernel.namespaces import EXCHANGE, WSU
from esb.kernel.xml import Element

_RECEIPT: Final = f"{{{EXCHANGE}}}Receipt"
_IN_RECEIPT: Final = {"exch": EXCHANGE}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the bus says of an exchange in its signed receipt: ids, and leaf hashes in hex.  "" where there is none."""

    exchange: str
    request_record: str
    answer_record: str
    answer_leaf: str


def check_answer(envelope: Element, bus_certificate: bytes, sent: bytes) -> Receipt:
    """Check an answer as a careful consumer would, with libxmlsec.

    That a signature holds says little; this looks at what it covers: the Body of this very Envelope, the Timestamp
    of the same Security header, and the one Receipt in the Header, whose digest is that of the bytes that were sent.

    Raises:
        OpinionError: with the first thing that is not as it should be.
    """
    soap = etree.QName(envelope).namespace
    headers = security_headers(envelope)
    if len(headers) != 1:
        raise OpinionError(f"the answer has {len(headers)} Security headers instead of one")
    covered = check_signature(headers[0], bus_certificate)
    bodies = envelope.findall(f"{{{soap}}}Body")
    receipts = envelope.findall(f"{{{soap}}}Header/{_RECEIPT}")
    timestamps = headers[0].findall(f"{{{WSU}}}Timestamp")
    for what, found in (("Body", bodies), ("Receipt", receipts), ("Timestamp", timestamps)):
        if len(found) != 1:
            raise OpinionError(f"the answer has {len(found)} elements {what} instead of one")
        if not any(part is found[0] for part in covered):
            raise OpinionError(f"the signature does not cover the {what}")
    receipt = receipts[0]
    if base64.b64decode(_text(receipt, "requestDigest")) != hashlib.sha256(sent).digest():
        raise OpinionError("the receipt is for another request")
    return Receipt(
        _text(receipt, "exchange"),
        _text(receipt, "requestRecord/exch:id"),
        _text(receipt, "answerRecord/exch:id"),
        base64.b64decode(_text(receipt, "answerRecord/exch:leaf")).hex(),
    )


def _text(receipt: Element, path: str) -> str:
    return receipt.findtext(f"exch:{path}", "", _IN_RECEIPT)


def command() -> str | None:
    """Where the command xmlsec1 is; None when it is not installed."""
    return shutil.which("xmlsec1")


def check_by_command(program: str, envelope: bytes, soap: str, bus_certificate: Path) -> bool:
    """Whether ``xmlsec1 --verify`` accepts the answer's signature."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(envelope)
        file.flush()
        ids = [
            f"--id-attr:Id {namespace}:{local}"
            for namespace, local in ((soap, "Body"), (WSU, "Timestamp"), (EXCHANGE, "Receipt"))
        ]
        arguments = [word for each in ids for word in each.split(" ")]
        done = subprocess.run(
            [
                program,
                "--verify",
                "--enabled-key-data",
                "x509,key-name,ec,ecdsa",
                "--pubkey-cert-pem",
                str(bus_certificate),
                *arguments,
                file.name,
            ],
            capture_output=True,
            timeout=20,
        )
        return done.returncode == 0
