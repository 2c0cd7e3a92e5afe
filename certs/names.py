"""One lookup key for an issuer's name, however a client spelt it.

``ds:X509IssuerName`` holds a distinguished name as text.  XML Signature 1.1 (section 4.5.4.1) asks for RFC 4514, and
toolkits write what their platform gives them: RFC 2253 from Java, with quotes and ``E=`` from .NET, ``OID.2.5.4.97=``
or ``#hex`` for an attribute that they do not know, in the certificate's own order from OpenSSL, with slashes from its
older command.  All of these give the same key as the certificate's own issuer.

The key is a way to *find* a registered certificate and proves nothing: who the certificate belongs to is decided by
the registry, and whether it signed by its key.  So the key may safely be coarser than X.509's own comparison:

* it is the same for a name and for its mirror image, because some toolkits write the parts in the certificate's order;
* a surname and a serialNumber are one, because ``SN`` means the first to RFC 4519 and the second to Bouncy Castle;
* values are compared without regard to case and to the amount of white space (RFC 5280, section 7.1).

Two certificates that would share a key are left out of the index (:mod:`esb.certs.index`).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from cryptography import x509

from esb.certs import der

MAX_LENGTH = 4096
"""Characters that a name's text may have."""

_SURNAME, _SERIAL_NUMBER = "2.5.4.4", "2.5.4.5"

# Keywords of RFC 4514, RFC 4519, OpenSSL, Java (AVAKeyword), Bouncy Castle and Windows (CertNameToStr).
_KEYWORDS = {
    "CN": "2.5.4.3",
    "COMMONNAME": "2.5.4.3",
    "SN": _SERIAL_NUMBER,
    "SURNAME": _SURNAME,
    "SERIALNUMBER": _SERIAL_NUMBER,
    "C": "2.5.4.6",
    "COUNTRYNAME": "2.5.4.6",
    "L": "2.5.4.7",
    "LOCALITYNAME": "2.5.4.7",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "SP": "2.5.4.8",
    "STATEORPROVINCENAME": "2.5.4.8",
    "STREET": "2.5.4.9",
    "STREETADDRESS": "2.5.4.9",
    "O": "2.5.4.10",
    "ORGANIZATIONNAME": "2.5.4.10",
    "OU": "2.5.4.11",
    "ORGANIZATIONALUNITNAME": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "DESCRIPTION": "2.5.4.13",
    "BUSINESSCATEGORY": "2.5.4.15",
    "POSTALADDRESS": "2.5.4.16",
    "POSTALCODE": "2.5.4.17",
    "TELEPHONENUMBER": "2.5.4.20",
    "PHONE": "2.5.4.20",
    "NAME": "2.5.4.41",
    "GIVENNAME": "2.5.4.42",
    "GN": "2.5.4.42",
    "G": "2.5.4.42",
    "INITIALS": "2.5.4.43",
    "I": "2.5.4.43",
    "GENERATIONQUALIFIER": "2.5.4.44",
    "GENERATION": "2.5.4.44",
    "UNIQUEIDENTIFIER": "2.5.4.45",
    "X500UNIQUEIDENTIFIER": "2.5.4.45",
    "DNQ": "2.5.4.46",
    "DNQUALIFIER": "2.5.4.46",
    "PSEUDONYM": "2.5.4.65",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
    "UID": "0.9.2342.19200300.100.1.1",
    "USERID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "DOMAINCOMPONENT": "0.9.2342.19200300.100.1.25",
    "E": "1.2.840.113549.1.9.1",
    "EMAIL": "1.2.840.113549.1.9.1",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
    "UNSTRUCTUREDNAME": "1.2.840.113549.1.9.2",
    "JURISDICTIONL": "1.3.6.1.4.1.311.60.2.1.1",
    "JURISDICTIONLOCALITYNAME": "1.3.6.1.4.1.311.60.2.1.1",
    "JURISDICTIONST": "1.3.6.1.4.1.311.60.2.1.2",
    "JURISDICTIONSTATEORPROVINCENAME": "1.3.6.1.4.1.311.60.2.1.2",
    "JURISDICTIONC": "1.3.6.1.4.1.311.60.2.1.3",
    "JURISDICTIONCOUNTRYNAME": "1.3.6.1.4.1.311.60.2.1.3",
}

# The encodings by which X.509 writes a text (X.690, 8.23); T61String is read as Latin-1, as everyone does.
_TEXT_TAGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}

_OID = re.compile(r"(?:OID\.)?([0-2](?:\.(?:0|[1-9][0-9]{0,38})){1,30})", re.ASCII | re.IGNORECASE)
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}", re.ASCII)
_HEX_VALUE = re.compile(r"#((?:[0-9A-Fa-f]{2})+)[ \t\r\n]*", re.ASCII)
_PLAIN = re.compile(r"[^\\,;+]+")
_QUOTED_PLAIN = re.compile(r'[^\\"]+')
_SLASH_PART = re.compile(r"/(?=[A-Za-z][A-Za-z0-9]{0,40}=|[0-2]\.[0-9.]{1,200}=)", re.ASCII)
_SLASH_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_SPACES = " \t\r\n"


def issuer_key(text: str) -> bytes:
    """The lookup key of a name that is written as text (RFC 4514 and the spellings that the module names).

    Raises:
        ValueError: the text is empty, over :data:`MAX_LENGTH`, or not a distinguished name in a known spelling.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError("the name is too long")
    # At the end a blank may be escaped.
    text = text.lstrip(_SPACES)
    if not text:
        raise ValueError("the name is empty")
    return _key(_slashed(text) if text.startswith("/") else _Reader(text).name())


def issuer_key_of(name: x509.Name) -> bytes:
    """The lookup key of a certificate's issuer (or of any name that ``cryptography`` read)."""
    rdns = []
    for rdn in name.rdns:
        pairs = []
        for attribute in rdn:
            value = attribute.value
            # Only a BIT STRING (x500UniqueIdentifier) is not given as text.
            packed = _text(value) if isinstance(value, str) else _opaque(der.BIT_STRING, value)
            pairs.append(_pair(attribute.oid.dotted_string, packed))
        rdns.append(pairs)
    return _key(rdns)


def _key(rdns: Iterable[Sequence[bytes]]) -> bytes:
    parts = [_join(sorted(pairs)) for pairs in rdns]
    return min(_join(parts), _join(reversed(parts)))


def _pair(oid: str, value: bytes) -> bytes:
    return _join((_SERIAL_NUMBER.encode() if oid == _SURNAME else oid.encode(), value))


def _join(parts: Iterable[bytes]) -> bytes:
    """Put together so that no two lists give the same octets: each part behind its length."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _text(value: str) -> bytes:
    """A text as it is compared: compatibility-normalised, case folded, white space collapsed (RFC 4518, section 2).

    Control characters stay: ``good\\0.evil`` must never be found as ``good``.
    """
    folded = value if value.isascii() else unicodedata.normalize("NFKC", value)
    folded = folded.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded)
        # Where an Azerbaijani or Turkish locale changes the case, the dotted and the dotless i change places.
        folded = folded.replace("i\u0307", "i").replace("\u0131", "i")
    return b"t" + " ".join(folded.split()).encode()


def _opaque(tag: int, content: bytes) -> bytes:
    return b"o" + bytes((tag,)) + content


def _attribute_type(keyword: str) -> str:
    keyword = keyword.strip(_SPACES)
    match = _OID.fullmatch(keyword)
    if match:
        return match[1]
    try:
        return _KEYWORDS[keyword.upper()]
    except KeyError:
        raise ValueError("the name has an attribute type that is neither known nor an OID") from None


def _hex_value(digits: str) -> bytes:
    tag, content, rest = der.decode(bytes.fromhex(digits))
    if rest:
        raise ValueError("a #hex value has octets after its element")
    encoding = _TEXT_TAGS.get(tag)
    return _text(content.decode(encoding)) if encoding else _opaque(tag, content)


def _slashed(text: str) -> list[list[bytes]]:
    """``/C=AZ/O=X/CN=Y``, as ``X509_NAME_oneline`` writes it: bytes beyond ASCII as ``\\xHH``, nothing else escaped."""
    rdns = []
    parts = _SLASH_PART.split(text)
    if parts[0]:
        raise ValueError("the name begins with a slash and no attribute follows")
    for part in parts[1:]:
        keyword, _, value = part.partition("=")
        octets = _SLASH_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), value.encode())
        rdns.append([_pair(_attribute_type(keyword), _text(octets.decode()))])
    return rdns


class _Reader:
    """Reads ``type=value`` pairs, joined by ``+`` into parts and by ``,`` or ``;`` into a name, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def name(self) -> list[list[bytes]]:
        rdns: list[list[bytes]] = []
        pairs: list[bytes] = []
        while True:
            pairs.append(self._type_and_value())
            separator = self._text[self._at : self._at + 1]
            self._at += 1
            if separator == "+":
                continue
            rdns.append(pairs)
            pairs = []
            if not separator:
                # RFC 4514 writes the last part of the certificate's sequence first.
                return rdns[::-1]

    def _type_and_value(self) -> bytes:
        equals = self._text.find("=", self._at)
        if equals < 0:
            raise ValueError("the name has a part without '='")
        oid = _attribute_type(self._text[self._at : equals])
        self._at = equals + 1
        while self._text[self._at : self._at + 1] == " ":
            self._at += 1
        first = self._text[self._at : self._at + 1]
        if first == "#":
            return _pair(oid, self._hex())
        return _pair(oid, _text(self._quoted() if first == '"' else self._plain()))

    def _hex(self) -> bytes:
        match = _HEX_VALUE.match(self._text, self._at)
        if not match:
            raise ValueError("the name has '#' without pairs of hexadecimal digits")
        self._at = match.end()
        self._must_be_at_separator()
        return _hex_value(match[1])

    def _plain(self) -> str:
        octets = bytearray()
        while self._at < len(self._text):
            match = _PLAIN.match(self._text, self._at)
            if match:
                octets += match[0].encode()
                self._at = match.end()
            elif self._text[self._at] == "\\":
                octets += self._escaped()
            else:
                break
        return octets.decode()

    def _quoted(self) -> str:
        """A value in quotes (RFC 2253, RFC 1779), where ``""`` is .NET's way to write a quote."""
        octets = bytearray()
        self._at += 1
        while True:
            match = _QUOTED_PLAIN.match(self._text, self._at)
            if match:
                octets += match[0].encode()
                self._at = match.end()
            here = self._text[self._at : self._at + 2]
            if here[:1] == "\\":
                octets += self._escaped()
            elif here == '""':
                octets += b'"'
                self._at += 2
            elif here[:1] == '"':
                self._at += 1
                break
            else:
                raise ValueError("the name has a quote that is not closed")
        while self._at < len(self._text) and self._text[self._at] in _SPACES:
            self._at += 1
        self._must_be_at_separator()
        return octets.decode()

    def _escaped(self) -> bytes:
        """``\\2C`` is an octet of the value in UTF-8; ``\\,`` is the character itself."""
        match = _HEX_PAIR.match(self._text, self._at + 1)
        if match:
            self._at += 3
            return bytes.fromhex(match[0])
        char = self._text[self._at + 1 : self._at + 2]
        if not char or char not in '"+,;<>#=\\ ':
            raise ValueError("the name has a backslash before a character that is not escaped by one")
        self._at += 2
        return char.encode()

    def _must_be_at_separator(self) -> None:
        if self._text[self._at : self._at + 1] not in ("", ",", ";", "+"):
            raise ValueError("the name has text after a quoted or #hex value")
