"""The step of a proof about time: a time-stamp of the checkpoint, and the records' own times held against it."""

import hashlib
from typing import Final

from esb.admin.evidence import layout
from esb.admin.evidence.case import Broken, Case, Found
from esb.admin.evidence.paths import moment
from esb.audit.attested import CLOCKS
from esb.audit.notes import Note, parse_note
from esb.certs.stamps import Stamped, StampUntrusted, StampVerifier

_MICRO: Final = 1_000_000


def timestamp(case: Case) -> Found | None:
    """A time-stamp of the checkpoint, by an authority that is believed, says when the records were there.

    Each has to be one of this checkpoint; of those by authorities that are believed the earliest counts.
    """
    tokens = [case.files[name] for name in sorted(case.files) if name.startswith("time/")]
    believed = case.believed
    if not tokens:
        if believed.stampers is not None:
            raise Broken("no time-stamp of the checkpoint is in the package")
        return Found(case.why_missing("time-stamp"), proven=False)
    imprint = hashlib.sha256(_signed_by_the_log(case)).digest()
    verifier = StampVerifier(believed.anchors if believed.stampers is None else believed.stampers)
    stamps: list[Stamped] = []
    untrusted = ""
    for token in tokens:
        try:
            stamps.append(verifier.check(token, imprint))
        except StampUntrusted as error:
            untrusted = str(error)
    if not stamps:
        if believed.stampers is not None:
            raise Broken(untrusted)
        return Found(f"{untrusted}: give the authority that you believe (--tsa-anchor)", proven=False)
    first = min(stamps, key=lambda each: each.at)
    latest = max((held.entry.at for held in case.records.values()), default=0)
    if latest > first.at + first.accuracy + CLOCKS:
        raise Broken(f"a record says that it was made at {moment(latest / _MICRO)}, after it was time-stamped")
    return Found(f"{moment(first.at / _MICRO)}, by {first.authority}, number {first.serial}")


def _signed_by_the_log(case: Case) -> bytes:
    """The note as the log signed it, without the witnesses' lines: what is stamped."""
    note, key = parse_note(case.files[layout.CHECKPOINT]), case.believed.log
    own = tuple(each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id))
    return Note(note.text, own).octets()
