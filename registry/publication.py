"""The registry as documents: a whole snapshot, and deltas from one version to the next.

Pure: no database, no keys, no time.  A document is canonical JSON; whoever publishes it signs it, whoever takes it has
verified it before it comes here.  Each delta is linked to what was before it by a chain of digests, so that two pasts
cannot both lead to one present: ``chain(b) = SHA-256(chain(a) ‖ SHA-256(delta from a to b))``.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from esb.kernel.canonical import canonical_json
from esb.kernel.directory import CertificateUse, Directory, Grant, Member, Service
from esb.kernel.faults import EsbError
from esb.kernel.plain import NotPlain, from_plain, read_json, to_plain
from esb.registry.snapshot import Entries, Index, Known

FORMAT: Final = 1
FULL_TYPE: Final = "application/vnd.shluz.registry-snapshot+json"
DELTA_TYPE: Final = "application/vnd.shluz.registry-delta+json"
TIMESTAMP_TYPE: Final = "application/vnd.shluz.registry-timestamp+json"
KEYS_TYPE: Final = "application/vnd.shluz.registry-keys+json"
MOST_LINKS: Final = 1_000
"""Links that a whole snapshot carries: a node that is no more deltas behind can see that it is no fork."""


class DocumentInvalid(EsbError):
    """A document is signed, and is not what such a document must be; the text says in what way."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as a document carries it; ``der`` is base64."""

    der: str
    owner: str
    use: CertificateUse
    revoked: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain: the version that it leads to, and the digest of the delta's payload."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Past:
    """The chain at an earlier version, and the links that led on from there."""

    version: int
    chain: str
    links: tuple[Link, ...] = ()

    @property
    def steps(self) -> "dict[int, str]":
        """The chain at each version that stands in it."""
        chain, found = self.chain, {self.version: self.chain}
        for each in self.links:
            chain = found[each.version] = _joined(chain, each.digest)
        return found


@dataclass(frozen=True, slots=True)
class Full:
    """A whole snapshot.

    Attributes:
        registry: whose it is: made once, when a registry first publishes itself.
        version: the registry's change number.
        chain: at that version.
        past: the last steps that led here, so that a node which is a little behind sees that it is no fork.
        issued: Unix seconds.
    """

    format: int
    registry: str
    version: int
    chain: str
    past: Past
    issued: float
    members: tuple[Member, ...]
    services: tuple[Service, ...]
    grants: tuple[Grant, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed between two versions; ``chain`` is that of ``previous``, ``revoked`` are grants taken back."""

    format: int
    registry: str
    previous: int
    chain: str
    version: int
    issued: float
    members: tuple[Member, ...]
    services: tuple[Service, ...]
    grants: tuple[Grant, ...]
    revoked: tuple[int, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A document that a timestamp points to: from which version (0 for a whole one) to which, and its digest and size
    as it is kept, signature and all."""

    previous: int
    version: int
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The small document that is renewed all the time: what is newest, and until when it may be believed.

    Attributes:
        keys: the number of the last announcement of keys.
        full, deltas: a whole snapshot and the deltas that lead to ``version``, oldest first; some begin before it.
    """

    format: int
    registry: str
    version: int
    chain: str
    issued: float
    expires: float
    keys: int
    full: Part
    deltas: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """The keys that sign from now on, PEM; signed by one that was trusted before."""

    format: int
    registry: str
    number: int
    issued: float
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a directory is built of, as of one version; certificates by SHA-256 of the DER in hex."""

    registry: str
    version: int
    chain: str
    members: Mapping[str, Member]
    services: Mapping[str, Service]
    grants: Mapping[int, Grant]
    certificates: Mapping[str, Certificate]


def write(document: object) -> bytes:
    """A document's octets, to be signed."""
    return canonical_json(to_plain(document))


def read(kind: type[Any], payload: bytes) -> Any:
    """Read a document of one kind from a payload that was verified.

    Raises:
        DocumentInvalid: it is not one, or of a format that this program does not know.
    """
    try:
        plain = read_json(payload)
        if isinstance(plain, dict) and plain.get("format") != FORMAT:
            raise DocumentInvalid(
                f"the document is of format {str(plain.get('format'))[:20]}, and this version of the program reads "
                f"{FORMAT}: bring it up to date"
            )
        return from_plain(kind, plain)
    except NotPlain as error:
        raise DocumentInvalid(f"the document cannot be used: {error}") from error


def link(chain: str, payload: bytes) -> str:
    """The chain after one more delta."""
    return hashlib.sha256(bytes.fromhex(chain) + hashlib.sha256(payload).digest()).hexdigest()


def full_of(entries: Entries, registry: str, version: int, chain: str, issued: float, past: Past) -> Full:
    """A whole snapshot."""
    return Full(
        FORMAT,
        registry,
        version,
        chain,
        past,
        issued,
        entries.members,
        entries.services,
        tuple(grant for _, grant in entries.grants if grant is not None),
        tuple(_certificate(*facts) for _, facts in entries.certificates),
    )


def _joined(chain: str, digest: str) -> str:
    return hashlib.sha256(bytes.fromhex(chain) + bytes.fromhex(digest)).hexdigest()


def delta_of(entries: Entries, registry: str, past: tuple[int, str], version: int, issued: float) -> Delta:
    """What leads from one version to another; ``entries`` are those that were touched meanwhile."""
    return Delta(
        FORMAT,
        registry,
        *past,
        version,
        issued,
        entries.members,
        entries.services,
        tuple(grant for _, grant in entries.grants if grant is not None),
        tuple(number for number, grant in entries.grants if grant is None),
        tuple(_certificate(*facts) for _, facts in entries.certificates),
    )


def state_of(full: Full) -> State:
    """The state that a whole snapshot holds."""
    return State(
        full.registry,
        full.version,
        full.chain,
        {each.code: each for each in full.members},
        {each.id.path: each for each in full.services},
        {each.id: each for each in full.grants},
        {digest_of(each): each for each in full.certificates},
    )


def apply(state: State, delta: Delta, payload: bytes) -> State:
    """The state after a delta.

    Args:
        payload: the delta's own octets, for the chain.

    Raises:
        DocumentInvalid: it is another registry's, or does not begin where the state is.
    """
    if delta.registry != state.registry:
        raise DocumentInvalid("the delta is of another registry")
    if (delta.previous, delta.chain) != (state.version, state.chain) or delta.version <= delta.previous:
        raise DocumentInvalid(
            f"the delta leads from version {delta.previous} to {delta.version}, and does not follow on version "
            f"{state.version} as it is known here"
        )
    grants = {**state.grants, **{each.id: each for each in delta.grants}}
    for number in delta.revoked:
        grants.pop(number, None)
    return replace(
        state,
        version=delta.version,
        chain=link(state.chain, payload),
        members={**state.members, **{each.code: each for each in delta.members}},
        services={**state.services, **{each.id.path: each for each in delta.services}},
        grants=grants,
        certificates={**state.certificates, **{digest_of(each): each for each in delta.certificates}},
    )


def directory_of(state: State, known: Known, index: Index, now: float) -> Directory:
    """The directory that a state gives, the same that its registry's own database gives at that version.

    Raises:
        DocumentInvalid: a certificate is not in base64.
    """
    grants: dict[tuple[str, str], tuple[Grant, ...]] = {}
    for _, grant in sorted(state.grants.items()):
        key = grant.consumer, grant.service
        grants[key] = (*grants.get(key, ()), grant)
    ready = (known(_der(each), each.owner, each.use, each.revoked) for _, each in sorted(state.certificates.items()))
    return Directory(
        version=state.version,
        built_at=now,
        members=MappingProxyType(dict(state.members)),
        services=MappingProxyType(dict(state.services)),
        grants=MappingProxyType(grants),
        certificates=index([one for one in ready if one is not None]),
    )


def contracts_of(services: Iterable[Service]) -> frozenset[str]:
    """The digests of the contracts that services stand on."""
    return frozenset(each.contract for each in services)


def digest_of(certificate: Certificate) -> str:
    """SHA-256 of a certificate's DER, in hex."""
    return hashlib.sha256(_der(certificate)).hexdigest()


def _certificate(der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> Certificate:
    return Certificate(base64.b64encode(der).decode(), owner, use, revoked)


def _der(certificate: Certificate) -> bytes:
    try:
        return base64.b64decode(certificate.der, validate=True)
    except (ValueError, binascii.Error):
        raise DocumentInvalid("a certificate of the document is not in base64") from None
