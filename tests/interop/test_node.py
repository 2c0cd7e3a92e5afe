"""npm ``soap``: WSSecurityCert on the published WSDL; the answer verified by xml-crypto."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from interop.answers import check_answer
from interop.identities import Identity
from support.client import NS

pytestmark = pytest.mark.interop
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
FIN = {"fin": "5ABC123"}
ADDRESSED = (
    f'<wsa:Action xmlns:wsa="{NS["wsa"]}">urn:example:GetPerson</wsa:Action>'
    f'<wsa:MessageID xmlns:wsa="{NS["wsa"]}">urn:uuid:node-%s</wsa:MessageID>'
)

Call = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def call(
    node_client: Path,
    resource: str,
    bus_certificate: Path,
    bus_x509: x509.Certificate,
    identity: Callable[[str], Identity],
) -> Call:
    """Run the Node client; every answer it got was verified by xml-crypto in Node, and here by libxmlsec."""

    def run(
        options: dict[str, Any] | None, soap12: bool, headers: tuple[str, ...] = (), times: int = 1
    ) -> list[dict[str, Any]]:
        task: dict[str, Any] = {
            "wsdl": f"{resource}?wsdl" + ("&soap=1.2" if soap12 else ""),
            "soap12": soap12,
            "headers": headers,
            "bus": str(bus_certificate),
            "operation": "GetPerson",
            "arguments": FIN,
            "times": times,
        }
        if options is not None:
            who = identity("rsa2048")
            task |= {"key": str(who.key), "certificate": str(who.certificate), "options": options}
        done = subprocess.run(
            ["node", "client.js"], cwd=node_client, input=json.dumps(task), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        calls: list[dict[str, Any]] = json.loads(done.stdout)["calls"]
        for each in calls:
            answer = check_answer(each["received"].encode(), bus_x509, each["sent"].encode())
            assert {part["name"] for part in each["signed"]} == answer.covered
        return calls

    return run


@pytest.fixture(params=[False, True], ids=["soap11", "soap12"])
def soap12(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


OPTIONS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "rsa-sha256": {"hasTimeStamp": True, "signatureAlgorithm": RSA_SHA256, "digestAlgorithm": SHA256},
    "rsa-sha512": {"signatureAlgorithm": RSA_SHA512, "digestAlgorithm": SHA512},
    "wsu:Id": {"signatureAlgorithm": RSA_SHA256, "signerOptions": {"idMode": "wssecurity"}},
    "prefixed": {"signatureAlgorithm": RSA_SHA256, "signerOptions": {"prefix": "ds", "attrs": {"Id": "Signature"}}},
    "one transform": {"signatureTransformations": [EXCLUSIVE]},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_signed_call(call: Call, soap12: bool, name: str) -> None:
    (one,) = call(OPTIONS[name], soap12)
    assert one.get("error") is None
    assert one["result"]["person"]["surname"] == "Əliyeva"
    body = next(part for part in one["signed"] if part["name"] == "Body")
    assert "Əliyeva" in body["text"]
    if name == "as it comes":
        assert 'Id="_0"' in one["sent"]
        assert "#enveloped-signature" in one["sent"]


def test_one_client_calls_again(call: Call, soap12: bool) -> None:
    """Its clock has whole seconds and RSA is deterministic: the header's id is what makes two equal questions two."""
    first, second = call(
        {"additionalReferences": ["wsa:Action", "wsa:MessageID"]},
        soap12,
        headers=(ADDRESSED % ("again12" if soap12 else "again11"),),
        times=2,
    )
    assert first["result"]["person"]["surname"] == "Əliyeva"
    assert {part["name"] for part in first["signed"]} == {"Body", "Timestamp", "Receipt", "Action", "RelatesTo"}
    # The same MessageID again is a replay, and node-soap reads the signed fault.
    assert "used before" in second["error"] or "received before" in second["error"]
    assert second["fault"] is not None


def test_an_unsigned_header_is_a_fault(call: Call, soap12: bool) -> None:
    (one,) = call({}, soap12, headers=(ADDRESSED % "unsigned",))
    assert "Sign the header" in one["error"]


def test_without_a_signature(call: Call, soap12: bool) -> None:
    (one,) = call(None, soap12)
    assert "Sign the message" in one["error"]
    assert one["fault"] is not None
