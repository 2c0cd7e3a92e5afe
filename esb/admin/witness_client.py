"""Asking one witness to cosign a checkpoint (C2SP tlog-witness), and understanding what it answers."""

import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from esb.audit.notes import Note, NoteInvalid, NoteKey, parse_note, parse_signature, verified_by
from esb.audit.tiles import TileMissing
from esb.audit.tree_reader import Published
from esb.audit.witness_request import PATH, AddCheckpoint, read_size, signature_lines
from esb.certs.download import Answered, FetchFailed, ask
from esb.kernel.faults import EsbError

SECONDS: Final = 5.0
"""How long a witness may take."""

_MOST: Final = 16 * 1024  # octets of an answer
_TYPE: Final = {"Content-Type": "text/plain; charset=utf-8"}

Prove = Callable[[int, int], list[bytes]]
"""The consistency proof between two sizes; raises TileMissing."""


class NotCosigned(EsbError):
    """The witness did not cosign; the text says why, for a person."""


class HistoryDiffers(NotCosigned):
    """The witness has cosigned what this log does not hold: the log was cut back, rewritten or forked."""


class WitnessClient:
    """Speaks to one witness.

    Args:
        key: the witness's.
        url: below which ``add-checkpoint`` stands.
        tls: towards https; None judges by the machine's authorities.
    """

    def __init__(self, key: NoteKey, url: str, tls: ssl.SSLContext | None = None) -> None:
        self.key = key
        self._url = url.rstrip("/") + PATH
        self._host = (urlsplit(url).hostname or "").lower()
        self._tls = tls

    def cosign(self, point: Published, known: int, prove: Prove) -> str:
        """Have a checkpoint cosigned; returns the verified signature line, with its break.  Blocking.

        Args:
            point: the newest checkpoint.
            known: the size that the witness has cosigned last, as far as is known here; 0 for none.

        Raises:
            HistoryDiffers: what this log holds is not what the witness has seen of it.
            NotCosigned: the witness cannot be asked, does not know the log, or its signature does not hold.
        """
        old = known if known <= point.size else 0
        answer = self._ask(point, old, prove)
        if answer.status == 409:
            seen = read_size(answer.octets)
            if seen is None or seen == old:
                raise HistoryDiffers(self._differs(point.size))
            if seen > point.size:
                raise HistoryDiffers(
                    f"witness {self.key.name} has cosigned this log with {seen} records, and it has only {point.size} "
                    "now: its database was put back to an older state, or records were cut off"
                )
            old = seen
            answer = self._ask(point, old, prove)
        if answer.status in (409, 422):
            raise HistoryDiffers(self._differs(old))
        if answer.status != 200:
            raise NotCosigned(f"witness {self.key.name} answers HTTP {answer.status}{_MEANT.get(answer.status, '')}")
        return self._line(point, answer)

    def _ask(self, point: Published, old: int, prove: Prove) -> Answered:
        try:
            proof = prove(old, point.size) if 0 < old < point.size else []
        except TileMissing as error:
            raise NotCosigned(f"the log's tree is damaged, run esb log verify: {error}") from error
        body = AddCheckpoint(old, tuple(proof), point.note).octets()
        try:
            return ask(self._url, {self._host}, most=_MOST, seconds=SECONDS, body=body, headers=_TYPE, tls=self._tls)
        except (FetchFailed, OSError) as error:
            raise NotCosigned(f"witness {self.key.name}: {error}") from error

    def _differs(self, size: int) -> str:
        return (
            f"witness {self.key.name} has cosigned another history of this log, of {size} records: its records were "
            "rewritten, or it was shown to others otherwise than it is kept here"
        )

    def _line(self, point: Published, answer: Answered) -> str:
        text = parse_note(point.note).text
        for line in signature_lines(answer.octets):
            try:
                signature = parse_signature(line)
                if verified_by(Note(text, (signature,)), self.key) is not None:
                    return signature.line
            except NoteInvalid as error:
                raise NotCosigned(f"witness {self.key.name} answers with what is no cosignature: {error}") from error
        raise NotCosigned(f"witness {self.key.name} signs with another key than evidence.witnesses has for it")


_MEANT: Final = {
    403: ": it knows the log by another key (esb log key)",
    404: ": it does not know this log, or its URL in evidence.witnesses is another",
}
