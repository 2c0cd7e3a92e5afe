"""curl and the xmlsec1 command: a template signed by ``xmlsec1 --sign``, posted by ``curl``, the answer verified by
``xmlsec1 --verify``.  What an integrator can do with a shell alone."""

import base64
import gzip
import re
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from interop.answers import Answer, check_answer
from interop.conftest import TlsPlace
from interop.identities import Identity
from lxml import etree
from support.client import NS
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOAP11, SOAP12 = NS["s11"], NS["s12"]
MEDIA = {
    SOAP11: "text/xml; charset=utf-8",
    SOAP12: 'application/soap+xml; charset=utf-8; action="urn:example:GetPerson"',
}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
BODY = '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'


def template(who: Identity, soap: str = SOAP11, body: str = BODY, id_name: str = "wsu:Id") -> str:
    """An envelope that xmlsec1 fills in: digests, value and nothing else."""
    now = datetime.now(UTC)
    rsa = "RSA" in who.code
    ident = secrets.token_hex(6)
    references = "".join(
        f'<ds:Reference URI="#{name}-{ident}"><ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
        for name in ("body", "time")
    )
    token = base64.b64encode(who.x509.public_bytes(Encoding.DER)).decode()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="{soap}" xmlns:wsu="{NS["wsu"]}">
  <soap:Header>
    <wsse:Security xmlns:wsse="{NS["wsse"]}" soap:mustUnderstand="1">
      <wsu:Timestamp {id_name}="time-{ident}">
        <wsu:Created>{now:%Y-%m-%dT%H:%M:%SZ}</wsu:Created>
        <wsu:Expires>{now + timedelta(minutes=4):%Y-%m-%dT%H:%M:%SZ}</wsu:Expires>
      </wsu:Timestamp>
      <wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{TOKEN}" wsu:Id="token-{ident}">
{token}
      </wsse:BinarySecurityToken>
      <ds:Signature xmlns:ds="{NS["ds"]}">
        <ds:SignedInfo>
          <ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>
          <ds:SignatureMethod Algorithm="{RSA_SHA256 if rsa else ECDSA_SHA256}"/>{references}
        </ds:SignedInfo>
        <ds:SignatureValue/>
        <ds:KeyInfo>
          <wsse:SecurityTokenReference>
            <wsse:Reference URI="#token-{ident}" ValueType="{TOKEN}"/>
          </wsse:SecurityTokenReference>
        </ds:KeyInfo>
      </ds:Signature>
    </wsse:Security>
  </soap:Header>
  <soap:Body {id_name}="body-{ident}">{body}</soap:Body>
</soap:Envelope>
"""


@dataclass(frozen=True)
class Shell:
    """A folder to work in, and what the two programs say there."""

    folder: Path
    bus: Path
    bus_x509: x509.Certificate

    def run(self, *words: str) -> str:
        """Run a command that must succeed; returns what it wrote to stdout."""
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words[0]}: {done.stderr}"
        return done.stdout

    def sign(self, who: Identity, unsigned: str, soap: str = SOAP11) -> Path:
        """``xmlsec1 --sign``."""
        draft, signed = self.folder / "draft.xml", self.folder / "signed.xml"
        draft.write_text(unsigned, encoding="utf-8")
        ids = ("--id-attr:Id", f"{soap}:Body", "--id-attr:Id", f"{NS['wsu']}:Timestamp")
        self.run("xmlsec1", "--sign", "--privkey-pem", str(who.key), *ids, "--output", str(signed), str(draft))
        return signed

    def post(self, url: str, message: Path, *options: str, soap: str = SOAP11, head: str = "") -> int:
        """``curl``; the answer lies in answer.xml and its headers in answer.head.  Returns the status."""
        return int(
            self.run(
                "curl",
                "--silent",
                "--show-error",
                "--data-binary",
                f"@{message}",
                "--header",
                head or f"Content-Type: {MEDIA[soap]}",
                "--output",
                "answer.xml",
                "--dump-header",
                "answer.head",
                "--write-out",
                "%{http_code}",
                *options,
                url,
            )
        )

    @property
    def head(self) -> str:
        """The answer's HTTP head, in lower case."""
        return (self.folder / "answer.head").read_text().lower()

    def verify(self, sent: bytes | None, soap: str = SOAP11) -> Answer:
        """``xmlsec1 --verify``, then what is covered."""
        ids = [f"{soap}:Body", f"{NS['wsu']}:Timestamp", f"{NS['exch']}:Receipt", f"{NS['wsa']}:Action"]
        words = [word for name in [*ids, f"{NS['wsa']}:RelatesTo"] for word in ("--id-attr:Id", name)]
        self.run("xmlsec1", "--verify", "--pubkey-cert-pem", str(self.bus), *words, "answer.xml")
        return check_answer((self.folder / "answer.xml").read_bytes(), self.bus_x509, sent)


@pytest.fixture
def shell(need: Callable[..., None], tmp_path: Path, bus_certificate: Path, bus_x509: x509.Certificate) -> Shell:
    need("xmlsec1", "curl")
    return Shell(tmp_path, bus_certificate, bus_x509)


def surname(answer: Answer) -> str:
    return answer.text(".//{urn:example:person}surname")


@pytest.mark.parametrize("soap", [SOAP11, SOAP12], ids=["soap11", "soap12"])
@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384"])
@pytest.mark.parametrize("id_name", ["wsu:Id", "Id"])
def test_signed_by_xmlsec1(
    shell: Shell, identity: Callable[[str], Identity], resource: str, soap: str, kind: str, id_name: str
) -> None:
    who = identity(kind)
    message = shell.sign(who, template(who, soap, id_name=id_name), soap)
    assert shell.post(resource, message, soap=soap) == 200
    assert surname(shell.verify(message.read_bytes(), soap)) == "Əliyeva"


def test_the_wsdl_comes_by_curl(shell: Shell, resource: str) -> None:
    for query in ("wsdl", "WSDL", "wsdl&soap=1.2", "wsdl&policy", "singleWsdl"):
        wsdl = etree.fromstring(shell.run("curl", "--silent", "--fail", f"{resource}?{query}").encode())
        (address,) = wsdl.xpath("//*[local-name()='address']/@location")
        assert address == resource
    sample = shell.run("curl", "--silent", "--fail", f"{resource}?sample=GetPerson")
    assert etree.fromstring(sample.encode()) is not None


OTHER_OCTETS: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "no declaration": lambda text: text.partition("?>")[2].strip().encode(),
    "standalone": lambda text: text.replace('encoding="UTF-8"', "encoding='utf-8' standalone='yes'").encode(),
    "UTF-16": lambda text: text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
    "comments": lambda text: (
        text.replace("<soap:Header>", "<!-- a --><soap:Header><!-- b -->")
        .replace("<p:fin>", "<!-- c --><p:fin>")
        .replace("<wsu:Created>", "<!-- d --><wsu:Created>")
        .replace("<ds:SignedInfo>", "<!-- e --><ds:SignedInfo>")
        .encode()
    ),
    "character references": lambda text: text.replace("5ABC123", "&#53;A&#x42;C123").encode(),
    "CDATA": lambda text: text.replace("5ABC123", "<![CDATA[5ABC123]]>").encode(),
    "space in tags": lambda text: text.replace("</p:fin>", "</p:fin\n >").replace("<p:fin>", "<p:fin >").encode(),
}


@pytest.mark.parametrize("form", OTHER_OCTETS)
def test_the_same_message_in_other_octets(
    shell: Shell, identity: Callable[[str], Identity], resource: str, form: str
) -> None:
    """A signature is over a canonical form: who writes the same infoset otherwise breaks nothing (C14N 1.0)."""
    who = identity("p256")
    message = shell.sign(who, template(who, body=f"\n    {BODY}\n  "))
    octets = OTHER_OCTETS[form](message.read_text(encoding="utf-8"))
    assert octets != message.read_bytes()
    message.write_bytes(octets)
    charset = "utf-16" if form == "UTF-16" else "utf-8"
    assert shell.post(resource, message, head=f"Content-Type: text/xml; charset={charset}") == 200
    assert surname(shell.verify(octets)) == "Əliyeva"


@pytest.mark.parametrize("method", ["DigestMethod", "SignatureMethod"])
def test_methods_may_hold_white_space(
    shell: Shell, identity: Callable[[str], Identity], resource: str, method: str
) -> None:
    """XML Signature's schema gives both mixed content, so a template may close them on a line of its own."""
    who = identity("p256")
    wide = re.sub(rf'(<ds:{method} Algorithm="[^"]+")/>', rf"\1>\n  </ds:{method}>", template(who))
    assert wide.count(f"</ds:{method}>") > 0
    message = shell.sign(who, wide)
    assert shell.post(resource, message) == 200
    assert surname(shell.verify(message.read_bytes())) == "Əliyeva"


@pytest.mark.parametrize("option", ["--http1.0", "--http1.1", "--http2"])
def test_versions_of_http(shell: Shell, identity: Callable[[str], Identity], resource: str, option: str) -> None:
    """HTTP/1.0 has no keep-alive by default; ``--http2`` offers an upgrade that may be passed over (RFC 9110, 7.8)."""
    who = identity("p256")
    message = shell.sign(who, template(who))
    assert shell.post(resource, message, option) == 200
    assert surname(shell.verify(message.read_bytes())) == "Əliyeva"
    assert shell.head.startswith("http/1.")


@pytest.mark.parametrize(
    "header", ["Connection: close", "SOAPAction: urn:example:GetPerson", 'SOAPAction: ""', "SOAPAction;"]
)
def test_headers_that_clients_send(
    shell: Shell, identity: Callable[[str], Identity], resource: str, header: str
) -> None:
    who = identity("p256")
    message = shell.sign(who, template(who))
    assert shell.post(resource, message, "--header", header) == 200
    shell.verify(message.read_bytes())


def test_gzip_both_ways(shell: Shell, identity: Callable[[str], Identity], resource: str) -> None:
    """The receipt is for the message, not for its coding."""
    who = identity("p256")
    message = shell.sign(who, template(who))
    packed = shell.folder / "signed.xml.gz"
    packed.write_bytes(gzip.compress(message.read_bytes(), mtime=0))
    assert (
        shell.post(resource, packed, "--header", "Content-Encoding: gzip", "--header", "Accept-Encoding: gzip") == 200
    )
    assert "content-encoding: gzip" in shell.head
    answer = shell.folder / "answer.xml"
    answer.write_bytes(gzip.decompress(answer.read_bytes()))
    assert surname(shell.verify(message.read_bytes())) == "Əliyeva"


def test_no_coding_unasked(shell: Shell, identity: Callable[[str], Identity], resource: str) -> None:
    who = identity("p256")
    assert shell.post(resource, shell.sign(who, template(who))) == 200
    assert "content-encoding" not in shell.head


def test_chunked(shell: Shell, identity: Callable[[str], Identity], resource: str) -> None:
    who = identity("p256")
    message = shell.sign(who, template(who))
    assert shell.post(resource, message, "--header", "Transfer-Encoding: chunked") == 200
    shell.verify(message.read_bytes())


def test_a_large_message_waits_for_100_continue(
    shell: Shell, identity: Callable[[str], Identity], resource: str
) -> None:
    """curl sends Expect by itself for a body over a megabyte (RFC 9110, 10.1.1)."""
    who = identity("p256")
    remark = "<p:remark>" + "x" * 1_200_000 + "</p:remark>"
    message = shell.sign(who, template(who, body=BODY.replace("</p:fin>", "</p:fin>" + remark)))
    assert shell.post(resource, message) == 200
    assert shell.head.startswith("http/1.1 100 continue")
    assert surname(shell.verify(message.read_bytes())) == "Əliyeva"


def test_one_connection_for_many(shell: Shell, identity: Callable[[str], Identity], resource: str) -> None:
    """curl keeps its connection between the transfers of one command."""
    who = identity("p256")
    options: list[str] = []
    for number in range(3):
        message = shell.sign(who, template(who)).rename(shell.folder / f"m{number}.xml")
        options += ["--next"] if number else []
        options += ["--silent", "--data-binary", f"@{message}", "--header", "Content-Type: text/xml", "--output"]
        options += [f"a{number}.xml", "--write-out", "%{http_code}/%{num_connects} ", resource]
    assert shell.run("curl", *options).split() == ["200/1", "200/0", "200/0"]
    for number in range(3):
        (shell.folder / f"a{number}.xml").rename(shell.folder / "answer.xml")
        shell.verify((shell.folder / f"m{number}.xml").read_bytes())


def test_a_changed_message_is_a_signed_fault(
    shell: Shell, identity: Callable[[str], Identity], resource: str, place: Place
) -> None:
    who = identity("p256")
    message = shell.sign(who, template(who))
    message.write_bytes(message.read_bytes().replace(b"5ABC123", b"5ABC124"))
    assert shell.post(resource, message) == 500
    assert shell.verify(message.read_bytes()).code == "SignatureInvalid"
    assert place.provider.journal == []


def test_a_changed_answer_is_noticed_by_xmlsec1(
    shell: Shell, identity: Callable[[str], Identity], resource: str
) -> None:
    who = identity("p256")
    message = shell.sign(who, template(who))
    assert shell.post(resource, message) == 200
    answer = shell.folder / "answer.xml"
    answer.write_bytes(answer.read_bytes().replace(b"1990-05-12", b"1990-05-13"))
    with pytest.raises(AssertionError, match="xmlsec1"):
        shell.verify(message.read_bytes())


@pytest.fixture
def tls_shell(need: Callable[..., None], tmp_path: Path, tls_served: TlsPlace) -> Shell:
    need("xmlsec1", "curl")
    tls_served.place.provider.reset()
    bus = tls_served.place.settings.keys.certificate
    return Shell(tmp_path, bus, x509.load_pem_x509_certificate(bus.read_bytes()))


def mutual(tls: TlsPlace, who: Identity) -> tuple[str, ...]:
    return "--cacert", str(tls.anchor), "--cert", str(who.certificate), "--key", str(who.key)


def test_mutual_tls_and_a_retry(tls_shell: Shell, tls_served: TlsPlace) -> None:
    url = tls_served.place.settings.bus.address + PERSONS.path
    message = tls_shell.sign(tls_served.signing, template(tls_served.signing))
    options = mutual(tls_served, tls_served.tls)
    assert tls_shell.post(url, message, *options) == 200
    first = (tls_shell.folder / "answer.xml").read_bytes()
    tls_shell.verify(message.read_bytes())
    assert tls_shell.post(url, message, *options) == 200, "the same bytes again over the member's connection"
    assert (tls_shell.folder / "answer.xml").read_bytes() == first
    assert len(tls_served.place.provider.journal) == 1, "and the provider was asked once"
    assert tls_shell.post(url, message, *mutual(tls_served, tls_served.stranger)) == 500
    assert tls_shell.verify(message.read_bytes()).code == "Replay"
    assert len(tls_served.place.provider.journal) == 1


def test_no_client_certificate_no_connection(tls_shell: Shell, tls_served: TlsPlace) -> None:
    url = tls_served.place.settings.bus.address + PERSONS.path
    done = subprocess.run(
        ["curl", "--silent", "--cacert", str(tls_served.anchor), f"{url}?wsdl"], capture_output=True, timeout=60
    )
    assert done.returncode in (35, 52, 55, 56)
    assert done.stdout == b""
    wsdl = tls_shell.run("curl", "--silent", "--fail", *mutual(tls_served, tls_served.tls), f"{url}?wsdl")
    assert f'location="{url}"' in wsdl
