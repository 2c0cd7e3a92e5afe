"""Finding an exchange in the log's archive: by the time that its id tells, and by name, in one file or a few.

An exchange's id is a UUID of version 7 (RFC 9562), whose first 48 bits are the milliseconds in which its request came.
So the id tells the package, the time of a file's first record tells the file, and the file's index of names the row: of
a month of two thousand files some four are opened.  Nothing is believed that the log's key has not vouched for: the
log's own entry of the package is sealed with it and has each file's SHA-256, and the tree has each record's leaf hash.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final
from uuid import UUID

from esb.audit.archive_walk import seal_problem
from esb.audit.depot import Depot
from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.notes import NoteKey
from esb.audit.package import PackageInvalid
from esb.audit.package_files import EARLY, ArchivedAway, PackageFiles, Shelved, away
from esb.audit.tree_reader import Kept, TreeReader
from esb.kernel.faults import EsbError

__all__ = ["ArchivedAway", "Shelved", "Vault"]

_LONGEST: Final = 3_600_000_000
"""Microseconds after its request up to which an answer is looked for."""
_PACKAGES: Final = 2
"""Packages whose files stay open: an exchange may lie on both sides of a month's border."""
_KINDS: Final = (Kind.REQUEST, Kind.ANSWER, Kind.REFUSAL)


class Vault:
    """The records that a log has let go of.  Blocks; for one thread.

    Args:
        url: of the log, as for :func:`~esb.audit.store.locate`.
        key: gives the log's public key.
        depots: gives the places where packages are now; none where nobody has said.  Both are asked once the log has
            let go of something of the age that is asked for.

    Attributes:
        passed_by: names of packages that :meth:`find` does not look into, because whoever asks knows that they are not
            at hand.
    """

    def __init__(self, url: str, key: Callable[[], NoteKey], depots: Callable[[], Sequence[Depot]]) -> None:
        self._tree = TreeReader(url)
        self._key = key
        self._open_depots = depots
        self._depots: Sequence[Depot] | None = None
        self._found: tuple[str, list[Shelved]] | None = None
        self._files: dict[str, PackageFiles] = {}
        self.passed_by: Collection[str] = ()

    def find(self, exchange: str) -> list[Shelved]:
        """The records of an exchange that have left the log, oldest first; none where none of its age have left it.

        The last exchange that was found is remembered.

        Raises:
            ArchivedAway: packages hold what is of its age, and they are not at hand.
            PackageInvalid: what is there is not what the log has sealed.
            StoreUnavailable: the log's tree cannot be read now.
        """
        if self._found is None or self._found[0] != exchange:
            self._found = (exchange, self._look_for(exchange))
        return self._found[1]

    def let_go(self) -> list[Kept]:
        """The packages of what is leaving the log or has left it, oldest first; the log's key has sealed each.

        Raises:
            PackageInvalid: it has not.
            StoreUnavailable: the log's tree cannot be read now.
        """
        gone = [each for each in self._tree.packages() if each.dropped is not None]
        for each in gone:
            self._check_seal(each)
        return gone

    def files(self, kept: Kept) -> PackageFiles:
        """The files of a package that the log's key has sealed; they stay open for what is asked next.

        Raises:
            ArchivedAway: nobody has said where it is, or how it is reached.
            PackageInvalid: the log's key has not sealed it.
        """
        name = kept.manifest.name
        if name not in self._files:
            self._check_seal(kept)
            if self._depots is None:
                try:
                    self._depots = self._open_depots()
                except EsbError as error:
                    raise away(kept, str(error)) from error
            if not self._depots:
                raise away(kept, "nobody has said where the archive is now")
            while len(self._files) >= _PACKAGES:
                self._files.pop(next(iter(self._files))).close()
            self._files[name] = PackageFiles(kept, self._depots)
        return self._files[name]

    def close(self) -> None:
        """Let go of the log's tree, of packages' files, and of what was found."""
        self._tree.close()
        self._found = None
        while self._files:
            self._files.popitem()[1].close()

    def _look_for(self, exchange: str) -> list[Shelved]:
        found: list[Shelved] = []
        began = _began(exchange)
        if began is None:
            return found
        names = [record_id(exchange, kind) for kind in _KINDS]
        until = began + _LONGEST
        for kept in self._tree.packages():
            manifest = kept.manifest
            if kept.dropped is None or manifest.latest + EARLY < began or manifest.earliest > until + EARLY:
                continue
            if manifest.name in self.passed_by:
                continue
            files = self.files(kept)
            for number in range(files.start(began - EARLY), files.count):
                for row in files.named(number, names):
                    entry = self._checked(row, kept)
                    found.append(row)
                    if entry.kind is not Kind.REQUEST:
                        until = entry.at  # and a little later, for a refusal after an answer
                if files.last(number) > until + EARLY:
                    break
        return found

    def _check_seal(self, kept: Kept) -> None:
        if problem := seal_problem(kept, self._key()):
            name = kept.manifest.name
            raise PackageInvalid(f"what the log says of package {name} cannot be believed: {problem}: esb log verify")

    def _checked(self, row: Shelved, kept: Kept) -> Entry:
        try:
            entry = read_leaf(row.leaf)
        except LeafInvalid:
            entry = None
        if entry is None or entry.record != row.record or self._tree.hash_of(row.number) != leaf_hash(row.leaf):
            raise PackageInvalid(
                f"record {row.record} in package {kept.manifest.name} is not the one in the log's tree: esb log verify"
            )
        return entry


def _began(exchange: str) -> int | None:
    """When an exchange began by its id, microseconds since the Unix epoch; None for what is no UUID of version 7."""
    try:
        ident = UUID(exchange)
    except ValueError:
        return None
    return None if ident.version != 7 or str(ident) != exchange else (ident.int >> 80) * 1_000
