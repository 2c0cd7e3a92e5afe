"""The styles in which clients of other makes write a signed message, signed by libxmlsec; and its opinion of envelopes
that carry such a signature."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import xmlsec
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from support.client import NS, WSU_ID
from support.rig import NOW, Party

_BUS_ACTOR: Final = ns.BUS_ACTOR
ANSWER: Final = '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'


def reference(ident: str, prefixes: str | None = None) -> str:
    """A ds:Reference without its digest, in whatever prefix is the default where it stands."""
    return (
        f'<d:Reference URI="#{ident}"><d:Transforms><d:Transform Algorithm="{ns.EXC_C14N}">{_listed(prefixes)}'
        f'</d:Transform></d:Transforms><d:DigestMethod Algorithm="{ns.SHA256}"/><d:DigestValue/></d:Reference>'
    )


def _listed(prefixes: str | None) -> str:
    if prefixes is None:
        return ""
    return f'<ec:InclusiveNamespaces xmlns:ec="{ns.EXC_C14N}" PrefixList="{prefixes}"/>'


@dataclass(frozen=True)
class Writing:
    """How a client writes: its prefixes, its lists, its way of naming the certificate.

    Attributes:
        s, o, u, d: prefixes of SOAP, WS-Security, its utility namespace and XML Signature; "" is the default namespace.
        root: further declarations on the Envelope.
        body_list, time_list, info_list, block_list: PrefixLists of Body, Timestamp, SignedInfo and header blocks.
        plain: Id without a namespace instead of wsu:Id.
        key: ``token``, ``serial`` or ``serial+token`` (a signed token beside).
        order: the children of Security: T the token, t the Timestamp, s the Signature.
        security: further attributes of Security.
        blocks: header blocks; each has the identifier ``b0``, ``b1`` … in place of ``@``.
        body: what the Body holds; ``body_more`` further attributes of it.
    """

    s: str = "soap"
    o: str = "wsse"
    u: str = "wsu"
    d: str = "ds"
    root: str = ""
    body_list: str | None = None
    time_list: str | None = None
    info_list: str | None = None
    block_list: str | None = None
    plain: bool = False
    key: str = "token"
    order: str = "Tts"
    security: str = ""
    blocks: tuple[str, ...] = ()
    body: str = ANSWER
    body_more: str = ""

    def message(self, who: Party, version: SoapVersion) -> bytes:
        """The message, signed by libxmlsec."""
        s, o, u, d = (f"{prefix}:" if prefix else "" for prefix in (self.s, self.o, self.u, self.d))
        declared = {self.s: version.value, self.u: ns.WSU}
        ident = "Id" if self.plain else f"{u or 'u:'}Id"
        if not self.plain and not u:
            declared["u"] = ns.WSU
        declared.pop("", None)
        root = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in declared.items())
        if not s:
            root += f' xmlns="{version.value}"'
        created = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        expires = datetime.fromtimestamp(NOW + 300, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        own_time = "" if u else f' xmlns="{ns.WSU}"'
        timestamp = (
            f'<{u}Timestamp{own_time} {ident}="time"><{u}Created>{created}</{u}Created>\n'
            f"  <{u}Expires>{expires}</{u}Expires></{u}Timestamp>"
        )
        token = (
            f'<{o}BinarySecurityToken {ident}="token" EncodingType="{ns.BASE64_BINARY}" ValueType="{ns.X509_V3}">'
            f"{base64.b64encode(who.known.der).decode()}</{o}BinarySecurityToken>"
        )
        if self.key == "token":
            named = f'<{o}Reference URI="#token" ValueType="{ns.X509_V3}"/>'
        else:
            named = (
                f"<{d}X509Data><{d}X509IssuerSerial><{d}X509IssuerName>{who.known.issuer}</{d}X509IssuerName>"
                f"<{d}X509SerialNumber>{who.known.serial}</{d}X509SerialNumber></{d}X509IssuerSerial></{d}X509Data>"
            )
        own_str = "" if o else f' xmlns="{ns.WSSE}"'
        if not d:
            named = named.replace("<X509Data>", f'<X509Data xmlns="{ns.DS}">')
        references = reference("body", self.body_list) + reference("time", self.time_list)
        references += "".join(reference(f"b{number}", self.block_list) for number in range(len(self.blocks)))
        if self.key == "serial+token":
            references += reference("token")
        own_signature = f' xmlns:{self.d}="{ns.DS}"' if d else f' xmlns="{ns.DS}"'
        signature = (
            (
                f"<d:Signature{own_signature}><d:SignedInfo>"
                f'<d:CanonicalizationMethod Algorithm="{ns.EXC_C14N}">{_listed(self.info_list)}'
                "</d:CanonicalizationMethod>"
                f'<d:SignatureMethod Algorithm="{ns.ECDSA_SHA256}"/>{references}</d:SignedInfo><d:SignatureValue/>'
                f"<d:KeyInfo>\n<{o}SecurityTokenReference{own_str}>{named}</{o}SecurityTokenReference></d:KeyInfo>"
                "</d:Signature>"
            )
            .replace("<d:", f"<{d}")
            .replace("</d:", f"</{d}")
        )
        parts = {"T": token if "token" in self.key else "", "t": timestamp, "s": signature}
        own_security = f' xmlns:{self.o}="{ns.WSSE}"' if o else f' xmlns="{ns.WSSE}"'
        inside = "\n    ".join(parts[part] for part in self.order)
        blocks = "".join(block.replace("@", f'{ident}="b{number}"') for number, block in enumerate(self.blocks))
        text = (
            f"<{s}Envelope{root}{self.root}>\n<{s}Header>\n  <{o}Security{own_security}{self.security}>{inside}"
            f'</{o}Security>{blocks}</{s}Header>\n<{s}Body {ident}="body"{self.body_more}>{self.body}</{s}Body>'
            f"</{s}Envelope>"
        )
        return signed_by_xmlsec(text.replace("SOAP:", s), who)


def _context(root: Any) -> Any:
    context = xmlsec.SignatureContext()
    for element in root.iter(etree.Element):
        if element.get(WSU_ID) is not None:
            context.register_id(element, "Id", NS["wsu"])
        elif element.get("Id") is not None:
            context.register_id(element, "Id")
    return context


def signed_by_xmlsec(text: str, who: Party) -> bytes:
    """Fill in digests and value of the one ds:Signature of a message."""
    root = etree.fromstring(text.encode())
    context = _context(root)
    context.key = xmlsec.Key.from_memory(who.key_pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(root.find(".//ds:Signature", NS))
    return etree.tostring(root)


def verified_by_xmlsec(envelope: bytes, place: int, who: Party) -> set[str]:
    """Check the Signature in the header block at ``place``; returns the local names of what it covers.

    Raises:
        xmlsec.Error: it does not hold.
    """
    root = etree.fromstring(envelope)
    signature = root[0][place].find("ds:Signature", NS)
    context = _context(root)
    pem = who.certificate.public_bytes(xmlsec_pem())
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(signature)
    by_id = {element.get(WSU_ID) or element.get("Id"): element for element in root.iter(etree.Element)}
    return {etree.QName(by_id[each.get("URI")[1:]]).localname for each in signature.iter(f"{{{NS['ds']}}}Reference")}


def xmlsec_pem() -> Any:
    """PEM, by the name that ``cryptography`` has for it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.PEM


_HOSTILE: Final = (
    '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin>'
    "<p:remark>\r\n\t&#xD;&#x9;&lt;&amp;&gt;\"']]&gt;\U0001f600 ə <![CDATA[<soap:Body/>]]></p:remark></p:GetPerson>"
)
_WSA: Final = tuple(
    f'<wsa:{local} xmlns:wsa="{ns.WSA}" @>{value}</wsa:{local}>'
    for local, value in (
        ("MessageID", "urn:uuid:6f0a"),
        ("Action", "urn:example:GetPerson"),
        ("To", "http://bus.test/services/DIN/IAMAS/PersonQuery/v1"),
        ("ReplyTo", f"<wsa:Address>{ns.WSA_ANONYMOUS}</wsa:Address>"),
    )
)
_XSI: Final = f'xmlns:xsi="{ns.XSI}"'
_LIKE: Final = (
    "<{q}fin>5ABC123</{q}fin><{q}surname>a</{q}surname><{q}name>b</{q}name><{q}born>1990-05-12</{q}born>"
    "<{q}passport>1</{q}passport>"
)


def typed(prefix: str) -> str:
    """A request whose xsi:type uses a prefix that is declared outside the Body."""
    inside = _LIKE.replace("{q}", "g:")
    return (
        '<g:GetPerson xmlns:g="urn:example:person"><g:fin>5ABC123</g:fin>'
        f'<g:like {_XSI} xsi:type="{prefix}:Citizen">{inside}</g:like></g:GetPerson>'
    )


STYLES: Final = {
    "plain": Writing(),
    "WSS4J": Writing(
        s="soapenv",
        body_list="",
        time_list="wsse soapenv",
        info_list="soapenv",
        security=' SOAP:mustUnderstand="1"',
        root=' xmlns:xs="http://www.w3.org/2001/XMLSchema"',
    ),
    "WSS4J, lists of what the content uses": Writing(
        body_list="p xsi",
        root=f' xmlns:p="urn:example:person" {_XSI}',
        body=typed("p"),
        body_more="",
    ),
    "CXF in the default namespace": Writing(s="", body_list="#default", time_list="#default", info_list="#default"),
    "Security in the default namespace": Writing(o="", time_list="#default", info_list="#default soap"),
    "WCF": Writing(s="s", o="o", u="u", d="", order="tTs", security=' SOAP:mustUnderstand="1"'),
    "issuer and serial": Writing(key="serial", order="ts"),
    "a signed token beside issuer and serial": Writing(key="serial+token", order="stT"),
    "the token last": Writing(order="stT"),
    "plain Id": Writing(plain=True),
    "soap means something else": Writing(
        s="S",
        root=' xmlns:soap="urn:example:person"',
        body_list="soap",
        info_list="soap",
        body=ANSWER.replace("p:", "soap:")
        .replace("xmlns:soap", "xmlns:p")
        .replace(' xmlns:p="urn:example:person"', ""),
    ),
    "lists of prefixes that nothing binds": Writing(
        s="S", o="o", u="u", body_list="soap wsu exch wsse", time_list="soap wsse wsu", info_list="soap wsse nobody"
    ),
    "our prefixes for other things": Writing(
        o="o",
        u="u",
        root=' xmlns:exch="urn:a" xmlns:wsu="urn:b" xmlns:wsse="urn:c" xmlns:ds="urn:d"',
        d="sig",
        body_list="exch wsu wsse ds",
        time_list="exch wsu wsse ds",
        info_list="exch wsu wsse ds",
    ),
    "WS-Addressing": Writing(blocks=_WSA),
    "WS-Addressing with lists": Writing(blocks=_WSA, s="soapenv", block_list="soapenv wsa", info_list="soapenv wsa"),
    "Exchange": Writing(
        blocks=(f'<exch:Exchange xmlns:exch="{ns.EXCHANGE}" @><exch:purpose>test</exch:purpose></exch:Exchange>',)
    ),
    "attributes of strangers": Writing(
        security=' xmlns:x="urn:x" xmlns:y="urn:y" x:a="1" y:a="2" a="3" xml:lang="az" wsu:Id="sec"'
    ),
    "hostile content": Writing(body=_HOSTILE),
    "attributes on the Body": Writing(body_more=' xml:lang="az" x:y="&#10;&lt;&quot;" xmlns:x="urn:x"'),
    "a type whose prefix is not signed": Writing(root=' xmlns:q="urn:example:person"', body=typed("q")),
    "a type whose prefix is ours": Writing(s="S", root=' xmlns:soap="urn:example:person"', body=typed("soap")),
}
