"""The form of a sender's header, remembered: the second message of a sender is read in a tenth of the time.

A program that signs writes the same header with every message, but for identifiers, times, digests and the signature
value.  Once a message has gone the careful way and its signature has verified, all that stands before the content of
its Body is kept as constant octets with holes.  A later message whose octets are the same but for the holes, and whose
holes hold nothing that XML could read as markup, has the same elements in the same places, so all that was asked of
their structure has been answered: which key, which algorithms, which references to which parts, nothing else besides.
What changes with every message is asked every time: the certificate in the registry of now, the signature value over
this SignedInfo, the digest of each part, the identifiers' uniqueness, the times.

What does not match goes the careful way, by whatever little it differs, so nothing is accepted here that is refused
there (tests/properties holds the two against each other).  Only a sender whose signature verified can add a form, and
only to its own certificate's; they are few, and bounded.
"""

import re
from collections.abc import Sequence
from typing import Final

from esb.certs.keyinfo import KeyReference
from esb.certs.references import Target
from esb.certs.security import SecurityHeader
from esb.certs.signed_info import SignedInfo
from esb.kernel.frozen import frozen
from esb.kernel.message import SignedPart
from esb.kernel.soap import Envelope
from esb.kernel.xml import Element

_MOST_OCTETS: Final = 16_384  # of a header
_MOST_TOKENS: Final = 512
_MOST_FORMS: Final = 4  # of one token
_MOST_LEARNT: Final = 32  # of one token; who writes another form each time is not worth learning from
_LONGEST_HOLE: Final = 4_096

_TOKEN: Final = b"BinarySecurityToken"
_TAG: Final = re.compile(rb"""<(/?)([^\s<>"'/=]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""")
_ATTRIBUTE: Final = re.compile(rb"""([^\s<>"'/=]+)[ \t\r\n]*=[ \t\r\n]*("[^"<]*"|'[^'<]*')""")
_HOLLOW: Final = frozenset({b"DigestValue", b"SignatureValue", b"Created", b"Expires"})
_NAME: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,256}")
_PLAIN: Final = re.compile(rb"[A-Za-z0-9+/=.:-]{1,256}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/= \t\n]{1,4096}")
_FREE: Final = re.compile(rb"[^<&\r]{1,4096}")


@frozen
class _Hole:
    """Where a header's octets change: ``what`` they are, and between which octets."""

    begin: int
    end: int
    what: bytes
    """``Id``, a hollow element's name, or ``text`` for what a header block's element holds."""


@frozen
class _Pieces:
    """Constant octets around holes: ``literals`` has one more than ``holes``, which are numbers of values."""

    literals: tuple[bytes, ...]
    holes: tuple[int, ...]

    def fill(self, values: Sequence[bytes]) -> bytes:
        """The octets with these values in the holes."""
        pieces = [self.literals[0]]
        for literal, hole in zip(self.literals[1:], self.holes, strict=True):
            pieces += (values[hole], literal)
        return b"".join(pieces)


@frozen
class Place:
    """What one reference of a form means.

    Attributes:
        id, value: numbers of the values that hold its identifier and its digest.
        prefixes, digest: as in :class:`esb.certs.signed_info.Reference`; ``token`` likewise.
        part: where the part is: "body", "timestamp", "token", or the number of a header block.
    """

    id: int
    value: int
    prefixes: tuple[str, ...]
    token: bool
    digest: str
    part: str | int


@frozen
class Form:
    """One sender's header, as constant octets with holes, and what it was found to mean.

    Attributes:
        head: from the first octet of the message to the end of the Body's start tag.
        kinds: what each value must look like; ``names`` are the numbers of those that are identifiers.
        quoted: the values of all other attributes in the head.
        signed_info, timestamp: their canonical forms.
        certificate: SHA-256 of the token's certificate.
        security: the number of the Security header among the header blocks; the next three are numbers of its children.
        signature_value, created, expires: numbers of values; ``expires`` is None when it has none.
    """

    head: _Pieces
    kinds: tuple[re.Pattern[bytes], ...]
    names: tuple[int, ...]
    quoted: frozenset[bytes]
    signed_info: _Pieces
    timestamp: _Pieces
    certificate: bytes
    info: SignedInfo
    places: tuple[Place, ...]
    security: int
    signature: int
    stamp: int
    token: int
    signature_value: int
    created: int
    expires: int | None

    def match(self, data: bytes) -> tuple[list[bytes], int] | None:
        """The values in the holes of a message of this form, and where its head ends; None when it is of another."""
        literals = self.head.literals
        if not data.startswith(literals[0]):
            return None
        at = len(literals[0])
        values: list[bytes] = []
        known = 0
        for literal, hole in zip(literals[1:], self.head.holes, strict=True):
            if hole == known:
                end = data.find(literal[:1], at, at + _LONGEST_HOLE + 1)
                if end < 0:
                    return None
                values.append(data[at:end])
                known += 1
                at = end
            elif data.startswith(values[hole], at):
                at += len(values[hole])
            else:
                return None
            if not data.startswith(literal, at):
                return None
            at += len(literal)
        for kind, value in zip(self.kinds, values, strict=True):
            if not kind.fullmatch(value):
                return None
        names = {values[number] for number in self.names}
        if len(names) != len(self.names) or not names.isdisjoint(self.quoted):
            return None
        return values, at


class Forms:
    """The forms that are known, by the text of the token that they carry."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[Form]] = {}
        self._learnt: dict[bytes, int] = {}

    def find(self, data: bytes) -> tuple[Form, list[bytes], int] | None:
        """The form that a message is of, with the values in its holes, and where its head ends."""
        text = _token_text(data)
        for form in self._known.get(text, ()):
            matched = form.match(data)
            if matched is not None:
                return form, *matched
        return None

    def learn(
        self,
        envelope: Envelope,
        security: SecurityHeader,
        key: KeyReference,
        info: SignedInfo,
        signed_info: bytes,
        targets: Sequence[Target],
        timestamp: SignedPart,
    ) -> None:
        """Remember the form of a message that has verified; nothing happens where it is not plain enough.

        Args:
            signed_info: the canonical SignedInfo.
            timestamp: the Timestamp as signed.
        """
        if key.token is None:
            return
        text = _token_text(envelope.data)
        if text != (key.token.text or "").encode():
            return  # another's token text may stand before it: nobody fills the memory that belongs to another
        learnt = self._learnt.get(text, 0)
        if not text or learnt >= _MOST_LEARNT:
            return
        if len(self._learnt) >= _MOST_TOKENS and not learnt:
            self._known.clear()
            self._learnt.clear()
        self._learnt[text] = learnt + 1
        form = _form(envelope, security, key, key.token, info, signed_info, targets, timestamp)
        if form is not None:
            self._known[text] = [form, *self._known.get(text, ())][:_MOST_FORMS]


def _token_text(data: bytes) -> bytes:
    """The text of the first element that looks like a token; no more than a key to look up by."""
    begin = data.find(_TOKEN, 0, _MOST_OCTETS)
    begin = data.find(b">", begin, begin + 1024) + 1 if begin >= 0 else 0
    end = data.find(b"<", begin, begin + _MOST_OCTETS) if begin else -1
    return data[begin:end] if end > begin else b""


def _form(
    envelope: Envelope,
    security: SecurityHeader,
    key: KeyReference,
    token: Element,
    info: SignedInfo,
    signed_info: bytes,
    targets: Sequence[Target],
    timestamp: SignedPart,
) -> Form | None:
    head = _head(envelope)
    if head is None:
        return None
    holes, path = _holes(head)
    if path != [b"Envelope", b"Body"]:
        return None
    quoted = _constants(head, holes)
    if quoted is None:
        return None
    values: list[bytes] = []
    kinds: list[re.Pattern[bytes]] = []
    numbers: list[int] = []
    names: dict[bytes, int] = {}
    hollow: dict[bytes, list[int]] = {}
    for hole in holes:
        value = head[hole.begin : hole.end]
        number = names.get(value) if hole.what == b"Id" else None
        if number is None:
            number = len(values)
            values.append(value)
            kinds.append(_KINDS.get(hole.what, _PLAIN))
            if hole.what == b"Id":
                names[value] = number
            else:
                hollow.setdefault(hole.what, []).append(number)
        numbers.append(number)
    digests = hollow.get(b"DigestValue", [])
    created, expires = hollow.get(b"Created", []), hollow.get(b"Expires", [])
    signature_values = hollow.get(b"SignatureValue", [])
    if (len(digests), len(signature_values), len(created)) != (len(targets), 1, 1) or len(expires) > 1:
        return None
    places = _places(envelope, security, targets, names, digests)
    inside = _cut(signed_info, names, {b"DigestValue": digests})
    stamp = _cut(timestamp.canonical, names, {b"Created": created, b"Expires": expires})
    inside_security = list(security.element)
    if places is None or inside is None or stamp is None or security.element not in envelope.blocks:
        return None
    if not {*created, *expires} <= {*stamp.holes}:
        return None  # some other element's times, which nobody signed
    form = Form(
        head=_pieces(head, holes, numbers),
        kinds=tuple(kinds),
        names=tuple(names.values()),
        quoted=quoted,
        signed_info=inside,
        timestamp=stamp,
        certificate=key.certificate.sha256,
        info=info,
        places=places,
        security=envelope.blocks.index(security.element),
        signature=inside_security.index(security.signature),
        stamp=inside_security.index(security.timestamp),
        token=inside_security.index(token),
        signature_value=signature_values[0],
        created=created[0],
        expires=expires[0] if expires else None,
    )
    # A form that does not find its own model again, or would fill it in otherwise, is none.
    if (
        form.match(envelope.data) != (values, len(head))
        or inside.fill(values) != signed_info
        or stamp.fill(values) != timestamp.canonical
    ):
        return None
    return form


_KINDS: Final = {b"Id": _NAME, b"SignatureValue": _BASE64, b"text": _FREE}


def _head(envelope: Envelope) -> bytes | None:
    """The message up to the end of the Body's start tag, where it holds nothing but tags and plain text."""
    data = envelope.data
    prefix = envelope.body.prefix
    name = (f"{prefix}:Body" if prefix else "Body").encode()
    begin = data.find(b"<" + name, 0, _MOST_OCTETS)
    tag = _TAG.match(data, begin) if begin >= 0 else None
    if tag is None or tag.group(2) != name or tag.group(3).endswith(b"/") or tag.end() > _MOST_OCTETS:
        return None
    head = data[: tag.end()]
    return None if b"&" in head or b"<!" in head else head


def _holes(octets: bytes) -> tuple[list[_Hole], list[bytes]]:
    """Where octets of this kind change from message to message, in order; and which elements are open at their end."""
    holes: list[_Hole] = []
    path: list[bytes] = []
    opened = -1  # where the text of an element begins that nothing has followed yet
    for tag in _TAG.finditer(octets):
        closing, name, rest = tag.groups()
        if name.startswith(b"?"):  # the XML declaration
            continue
        local = name.rpartition(b":")[2]
        if closing:
            block = len(path) > 2 and path[2] != b"Security" and path[1] == b"Header"
            if opened >= 0 and tag.start() > opened and path and (path[-1] in _HOLLOW or block):
                holes.append(_Hole(opened, tag.start(), path[-1] if not block else b"text"))
            if path:
                path.pop()
            opened = -1
            continue
        for attribute in _ATTRIBUTE.finditer(octets, tag.start(3), tag.end(3)):
            if attribute.group(1).startswith(b"xmlns"):
                continue  # what a prefix means is never left open, whatever the prefix is called
            what = attribute.group(1).rpartition(b":")[2]
            begin, end = attribute.start(2) + 1, attribute.end(2) - 1
            if what == b"URI" and octets.startswith(b"#", begin):
                begin += 1
            elif what != b"Id":
                continue
            if begin < end:
                holes.append(_Hole(begin, end, b"Id"))
        opened = -1
        if not rest.endswith(b"/"):
            path.append(local)
            opened = tag.end()
    return holes, path


def _constants(head: bytes, holes: Sequence[_Hole]) -> frozenset[bytes] | None:
    """The values of attributes that do not change.

    Returns:
        None where one of them is an identifier to some processor (ID, id, xml:id), or where a second header looks like
        a Security header: such a message is for the careful way.
    """
    ends = {hole.end for hole in holes}
    values = set()
    securities = 0
    for tag in _TAG.finditer(head):
        closing, name, _ = tag.groups()
        securities += not closing and name.rpartition(b":")[2] == b"Security"
        for attribute in _ATTRIBUTE.finditer(head, tag.start(3), tag.end(3)):
            if attribute.end(2) - 1 in ends:
                continue
            if attribute.group(1).rpartition(b":")[2].lower() == b"id":
                return None
            values.add(attribute.group(2)[1:-1])
    return frozenset(values) if securities == 1 else None


def _cut(octets: bytes, names: dict[bytes, int], hollow: dict[bytes, list[int]]) -> _Pieces | None:
    """Canonical octets as pieces, their holes numbered as in the header."""
    holes, _ = _holes(octets)
    numbers: list[int] = []
    seen: dict[bytes, int] = {}
    for hole in holes:
        if hole.what == b"Id":
            number = names.get(octets[hole.begin : hole.end])
        else:
            place = seen[hole.what] = seen.get(hole.what, -1) + 1
            given = hollow.get(hole.what, [])
            number = given[place] if place < len(given) else None
        if number is None:
            return None
        numbers.append(number)
    return _pieces(octets, holes, numbers)


def _pieces(octets: bytes, holes: Sequence[_Hole], numbers: Sequence[int]) -> _Pieces:
    literals = []
    at = 0
    for hole in holes:
        literals.append(octets[at : hole.begin])
        at = hole.end
    literals.append(octets[at:])
    return _Pieces(tuple(literals), tuple(numbers))


def _places(
    envelope: Envelope,
    security: SecurityHeader,
    targets: Sequence[Target],
    names: dict[bytes, int],
    digests: Sequence[int],
) -> tuple[Place, ...] | None:
    places = []
    for target, value in zip(targets, digests, strict=True):
        reference, element = target.reference, target.element
        number = names.get(reference.id.encode())
        part: str | int
        if element is envelope.body:
            part = "body"
        elif element is security.timestamp:
            part = "timestamp"
        elif element in security.tokens:
            if len(security.tokens) != 1:
                return None
            part = "token"
        else:
            part = envelope.blocks.index(element)
        if number is None:
            return None
        places.append(Place(number, value, reference.prefixes, reference.token, reference.digest, part))
    return tuple(places)
