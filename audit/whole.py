"""Reading the whole log: what stands in it, and what it has let go of out of its archive."""

from collections.abc import Callable

from esb.audit.body_opener import KeyShredded
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader, Recorded, recorded
from esb.audit.seal import MasterKeys
from esb.audit.vault import Vault


class WholeReader(EvidenceReader):
    """Reads an exchange wherever it is.  An exchange that stands in the log costs no look at the archive.

    Args:
        url, masters: as for :class:`~esb.audit.log.EvidenceReader`.
        vault: finds what the log has let go of; whoever made it closes it.  None to read the log alone.

    ``show`` and ``bodies`` raise as :meth:`~esb.audit.vault.Vault.find` does, beside what the log's reader raises.
    """

    def __init__(self, url: str, vault: Vault | None, masters: Callable[[], MasterKeys] | None = None) -> None:
        super().__init__(url, masters)
        self._vault = vault

    def show(self, exchange: str) -> list[Recorded]:
        """List everything recorded of an exchange, oldest first, in the log and in its archive."""
        found = super().show(exchange)
        if self._vault is None or _is_whole(found):
            return found
        there = {each.entry.record for each in found}
        found += [
            recorded((each.number, each.record, each.leaf, len(each.message), len(each.sent), each.key))
            for each in self._vault.find(exchange)
            if each.record not in there
        ]
        return sorted(found, key=lambda each: each.id)

    def bodies(self, record: str) -> tuple[bytes, bytes] | None:
        """Read a record's two messages, in the log or in its archive; sealed ones open by the log's data keys."""
        found = super().bodies(record)
        if found is not None or self._vault is None or self.holds(record):
            return found
        exchange = next(record.removesuffix(kind.suffix) for kind in Kind if record.endswith(kind.suffix))
        for each in self._vault.find(exchange):
            if each.record == record:
                try:
                    return self._bodies.open(each.record, each.key, each.message, each.sent)
                except KeyShredded:
                    return None
        return None


def _is_whole(found: list[Recorded]) -> bool:
    """Whether nothing that these records rest upon is missing: a request may have left the log before its answer."""
    asked = any(each.entry.kind is Kind.REQUEST for each in found)
    return bool(found) and all(asked or not each.entry.request_leaf for each in found)
