"""Many fresh signed messages from one template: what never changes is written, canonicalized and digested once.

A template is a whole envelope with holes: the message's own identifier, its times, the digests that depend on them, the
signature value, and whatever the caller left open in the Body.  Exclusive canonicalization turns the envelope's signed
parts into octets in which the same holes stand at other places; filling them there gives exactly what canonicalizing
the filled message would give, because a filling is plain text that needs no escape.  So a fresh message
costs a few digests of small parts and one signature.

Two styles are written.  ``CANONICAL`` puts every signed part on the wire as its own canonical form, as the bus and most
careful clients do.  ``FOREIGN`` is lawful and nothing of the kind: other prefixes, single quotes, attributes and
namespaces in another order, white space, self-closed tags, PrefixLists, as WSS4J, WCF and hand-written clients send.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.canonical import exclusive
from esb.certs.keys import SigningKey
from esb.kernel.clock import utc_text
from esb.kernel.namespaces import BASE64_BINARY, DS, EXC_C14N, SHA256, WSA, WSSE, WSU, X509_V3
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element, XmlLimits, parse_message

_HOLE: Final = re.compile("⟦([a-z0-9-]+)⟧".encode())
_WSU_ID: Final = f"{{{WSU}}}Id"
_ANY: Final = 1 << 31
_UNBOUNDED: Final = XmlLimits(_ANY, _ANY, _ANY, _ANY, 256)


class Style(Enum):
    """How a sender writes."""

    CANONICAL = "canonical"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Party:
    """Who signs: a member's code, its key and the certificate of that key."""

    code: str
    key: SigningKey
    certificate: x509.Certificate


def hole(name: str) -> bytes:
    """A hole to leave in a template's Body (in character data or an attribute), filled at each message."""
    return f"⟦{name}⟧".encode()


class Template:
    """Messages of one party on one Body.

    Args:
        party: who signs.
        body: the Body's element; may hold :func:`hole`\\ s.
        version: of SOAP.
        style: how it is written.  The Body's element stays as given.
        action: with one, the message carries signed ``wsa:Action`` and ``wsa:MessageID``; without, its signature is
            what identifies it.

    Raises:
        Refusal: the body is not well-formed.
    """

    __slots__ = ("_dynamic", "_key", "_signed_info", "_wire")

    def __init__(
        self,
        party: Party,
        body: bytes,
        version: SoapVersion = SoapVersion.V11,
        style: Style = Style.CANONICAL,
        action: str | None = None,
    ) -> None:
        token = base64.b64encode(party.certificate.public_bytes(Encoding.DER)).decode()
        write = _canonical if style is Style.CANONICAL else _foreign
        text = write(version, body.decode(), token, party.key.algorithm, action).encode()
        root = parse_message(text, _UNBOUNDED)
        by_id = {element.get(_WSU_ID): element for element in root.iter() if element.get(_WSU_ID) is not None}
        (signed_info,) = root.iter(f"{{{DS}}}SignedInfo")
        constant: dict[bytes, bytes] = {}
        self._dynamic: list[tuple[bytes, _Holed]] = []
        for number, reference in enumerate(signed_info.iterchildren(f"{{{DS}}}Reference")):
            part = exclusive(by_id[str(reference.get("URI"))[1:]], _prefixes(reference))
            name = b"digest-%d" % number
            if _HOLE.search(part):
                self._dynamic.append((name, _Holed(part)))
            else:
                constant[name] = base64.b64encode(hashlib.sha256(part).digest())
        own = next(signed_info.iterchildren(f"{{{DS}}}CanonicalizationMethod"))
        self._signed_info = _Holed(_fill(exclusive(signed_info, _prefixes(own)), constant))
        self._wire = _Holed(_fill(text, constant))
        self._key = party.key

    def message(
        self, ident: str, created: float, lifetime: float = 300.0, filling: Mapping[str, str] | None = None
    ) -> bytes:
        """A fresh signed envelope in UTF-8.

        Args:
            ident: its own: letters, digits, ``.``, ``_``, ``-``.  It makes the Timestamp's identifier, and with it the
                signature, unlike any other.
            created: Unix seconds.
            lifetime: seconds until Expires.
            filling: the text for each hole that was left in the Body.

        Raises:
            ValueError: a filling needs an escape.
            KeyError: a hole was left unfilled.
        """
        values = {
            b"ident": ident.encode(),
            b"created": utc_text(created).encode(),
            b"expires": utc_text(created + lifetime).encode(),
        }
        for name, text in (filling or {}).items():
            values[name.encode()] = _plain(text).encode()
        for digest, part in self._dynamic:
            values[digest] = base64.b64encode(hashlib.sha256(part.filled(values)).digest())
        values[b"signature"] = base64.b64encode(self._key.sign(self._signed_info.filled(values)))
        return self._wire.filled(values)


class _Holed:
    """Octets with holes, cut at them once."""

    __slots__ = ("_holes", "_pieces")

    def __init__(self, octets: bytes) -> None:
        self._pieces = _HOLE.split(octets)
        self._holes = [(at, self._pieces[at]) for at in range(1, len(self._pieces), 2)]

    def filled(self, values: Mapping[bytes, bytes]) -> bytes:
        pieces = self._pieces
        for at, name in self._holes:
            pieces[at] = values[name]
        return b"".join(pieces)


def _fill(octets: bytes, values: Mapping[bytes, bytes]) -> bytes:
    return _HOLE.sub(lambda found: values.get(found.group(1), found.group()), octets)


def _prefixes(element: Element) -> Sequence[str]:
    listed = next(element.iter(f"{{{EXC_C14N}}}InclusiveNamespaces"), None)
    return () if listed is None else (listed.get("PrefixList") or "").split()


def _plain(text: str) -> str:
    # Whatever needs no escape is the same octets on the wire and in every canonical form.
    if any(character in "&<>\"'\r\n\t" for character in text):
        raise ValueError("a filling is plain text without markup, quotes, tabs or line ends")
    return text


def _canonical(version: SoapVersion, body: str, token: str, algorithm: str, action: str | None) -> str:
    blocks = ""
    count = 2
    if action is not None:
        for local, value in (("Action", action), ("MessageID", "urn:uuid:⟦ident⟧")):
            blocks += f'<wsa:{local} xmlns:wsa="{WSA}" xmlns:wsu="{WSU}" wsu:Id="{local}">{value}</wsa:{local}>'
        count = 4
    names = ("Body", "TS-⟦ident⟧", "Action", "MessageID")[:count]
    references = "".join(
        f'<ds:Reference URI="#{name}"><ds:Transforms><ds:Transform Algorithm="{EXC_C14N}"></ds:Transform>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>⟦digest-{number}⟧</ds:DigestValue></ds:Reference>"
        for number, name in enumerate(names)
    )
    return (
        f'<soap:Envelope xmlns:soap="{version.value}"><soap:Header><wsse:Security xmlns:wsse="{WSSE}">'
        f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" EncodingType="{BASE64_BINARY}" ValueType="{X509_V3}" '
        f'wsu:Id="X509">{token}</wsse:BinarySecurityToken>'
        f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="TS-⟦ident⟧"><wsu:Created>⟦created⟧</wsu:Created>'
        "<wsu:Expires>⟦expires⟧</wsu:Expires></wsu:Timestamp>"
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo xmlns:ds="{DS}">'
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>{references}</ds:SignedInfo>'
        "<ds:SignatureValue>⟦signature⟧</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
        f'<wsse:Reference URI="#X509" ValueType="{X509_V3}"></wsse:Reference></wsse:SecurityTokenReference>'
        f"</ds:KeyInfo></ds:Signature></wsse:Security>{blocks}</soap:Header>"
        f'<soap:Body xmlns:soap="{version.value}" xmlns:wsu="{WSU}" wsu:Id="Body">{body}</soap:Body></soap:Envelope>'
    )


def _foreign(version: SoapVersion, body: str, token: str, algorithm: str, action: str | None) -> str:
    blocks = ""
    names = [("id-Body", ""), ("_TS-⟦ident⟧", "o S")]
    if action is not None:
        for local, value in (("MessageID", "urn:uuid:⟦ident⟧"), ("Action", action)):
            blocks += f"\n    <a:{local} u:Id='_{local}' S:mustUnderstand='0' xmlns:a='{WSA}'>{value}</a:{local}>"
            names.append((f"_{local}", "S"))
    references = "".join(
        f"\n          <Reference URI='#{name}'><Transforms>\n            <Transform Algorithm='{EXC_C14N}'>"
        + (f"<c:InclusiveNamespaces PrefixList='{listed}' xmlns:c='{EXC_C14N}'/>" if listed else "")
        + f"</Transform></Transforms>\n            <DigestMethod Algorithm='{SHA256}'/>"
        f"<DigestValue>⟦digest-{number}⟧</DigestValue></Reference>"
        for number, (name, listed) in enumerate(names)
    )
    lines = "\n".join(token[at : at + 76] for at in range(0, len(token), 76))
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<S:Envelope xmlns:S='{version.value}' "
        f"xmlns:xsd='http://www.w3.org/2001/XMLSchema'\n    xmlns:u='{WSU}'>\n  <S:Header>{blocks}\n"
        f"    <o:Security S:mustUnderstand='1' xmlns:o='{WSSE}'>\n"
        "      <u:Timestamp u:Id='_TS-⟦ident⟧'>\n        <u:Created>⟦created⟧</u:Created>\n"
        "        <u:Expires>⟦expires⟧</u:Expires>\n      </u:Timestamp>\n"
        f"      <o:BinarySecurityToken u:Id='_X509' ValueType='{X509_V3}'\n          "
        f"EncodingType='{BASE64_BINARY}'>{lines}</o:BinarySecurityToken>\n"
        f"      <Signature Id='_S' xmlns='{DS}'>\n        <SignedInfo>\n          "
        f"<CanonicalizationMethod Algorithm='{EXC_C14N}'>"
        f"<c:InclusiveNamespaces PrefixList='S' xmlns:c='{EXC_C14N}'/></CanonicalizationMethod>\n"
        f"          <SignatureMethod Algorithm='{algorithm}' />{references}\n        </SignedInfo>\n"
        "        <SignatureValue>⟦signature⟧</SignatureValue>\n        <KeyInfo>"
        f"<o:SecurityTokenReference><o:Reference ValueType='{X509_V3}' URI='#_X509'/>"
        "</o:SecurityTokenReference></KeyInfo>\n      </Signature>\n    </o:Security>\n  </S:Header>\n"
        f"  <S:Body u:Id='id-Body' >{body}</S:Body>\n</S:Envelope>"
    )
