"""A package while it is being verified: what is believed from outside, and what the steps so far have taken from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509

from esb.admin.evidence.facts import ChangeFacts
from esb.admin.evidence.layout import PackageFacts
from esb.audit.entry import Entry
from esb.audit.notes import Checkpoint, NoteKey
from esb.audit.proof import TlogProof
from esb.certs.asic import SignedFiles
from esb.kernel.faults import EsbError
from esb.kernel.message import VerifiedSignature
from esb.kernel.soap import Envelope


class Broken(EsbError):
    """A step of the proof does not hold; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a step that holds found, for people; ``proven`` False where there was nothing to show it with."""

    text: str
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom and what the verifier believes, from outside of the package.

    Attributes:
        anchors: authorities of members' and the bus's certificates.
        log: the log's public key.
        witnesses: keys of witnesses, each of whom must have cosigned.
        stampers: authorities of time-stamps, one of which must have stamped; None to believe ``anchors`` and to do
            without where there is none.
        bus: certificates that are believed to be the bus's own, where the log does not say so.
        receipt: an answer as the consumer kept it; None without one.
    """

    anchors: tuple[x509.Certificate, ...]
    log: NoteKey
    witnesses: tuple[NoteKey, ...] = ()
    stampers: tuple[x509.Certificate, ...] | None = None
    bus: tuple[x509.Certificate, ...] = ()
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A record in the package: its facts, its leaf, and its proof."""

    entry: Entry
    leaf: bytes
    proof: TlogProof


@dataclass(slots=True)
class Case:
    """What the steps have taken from the package; each step reads only what an earlier one has verified."""

    octets: bytes
    believed: Believed
    files: Mapping[str, bytes] = field(default_factory=dict)
    sealed: SignedFiles | None = None
    facts: PackageFacts | None = None
    checkpoint: Checkpoint | None = None
    records: dict[str, Held] = field(default_factory=dict)
    changes: list[ChangeFacts] = field(default_factory=list)
    messages: dict[str, tuple[Envelope, VerifiedSignature]] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[str, Entry] | None:
        """The record that tells what was asked: of the request, or of a refusal that had none; None for a change."""
        for name in ("request", "refusal"):
            if name in self.records:
                return name, self.records[name].entry
        return None

    @property
    def given(self) -> list[tuple[str, Entry]]:
        """The records of what was sent, in their order; none where nothing was yet, and for a change.

        An answer and a refusal are both there where the bus could not tell whether the answer's record had been made.
        """
        return [(name, self.records[name].entry) for name in ("answer", "refusal") if name in self.records]

    @property
    def authorities(self) -> list[x509.Certificate]:
        """Certificates that may stand between a signer and an anchor; they prove nothing by being here."""
        names = sorted(name for name in self.files if name.startswith("certificates/authority-"))
        return [x509.load_der_x509_certificate(self.files[name]) for name in names]

    def certificate(self, part: str) -> bytes | None:
        """DER of a signer's certificate: of the ``consumer``, ``provider``, ``bus``, or ``hosted``."""
        return self.files.get(f"certificates/{part}.cer")

    def why_missing(self, *names: str) -> str:
        """Why something is not in the package, as it says itself."""
        missing = {} if self.facts is None else self.facts.missing
        return next((missing[name] for name in names if name in missing), "it is not in the package")
