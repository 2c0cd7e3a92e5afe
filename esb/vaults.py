"""Where the archive of a home's log is, and what finds the records that are there: for its commands and its bus."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esb.audit.depot import Depot
    from esb.audit.depot_s3 import S3Access
    from esb.audit.notes import NoteKey
    from esb.audit.vault import Vault
    from esb.conf.settings import Archive, Settings


def vault_at(
    settings: "Settings", key: "Callable[[], NoteKey]", places: "Sequence[str]" = (), home: Path = Path("/")
) -> "Vault":
    """What finds records that have left the log; archive and key are looked for once one has.

    Args:
        key: gives the log's public key.
        places, home: as for :func:`depots_of`.
    """
    from esb.audit.vault import Vault

    return Vault(settings.evidence.url, key, lambda: depots_of(settings.archive, places, home))


def depots_of(archive: "Archive", places: "Sequence[str]", home: "Path") -> "list[Depot]":
    """The archives at some places; where none is said, at the one in the settings, if there is one.

    Raises PlaceUnknown as :func:`depot_of` does.
    """
    own = (None,) if archive.place else ()
    return [depot_of(archive, each, home) for each in places or own]


def depot_of(archive: "Archive", place: str | None, home: "Path") -> "Depot":
    """The archive at a place; where none is said, at the one in the archive.

    Args:
        home: what a folder of the settings is taken from, where its path does not begin at the root.

    Raises:
        PlaceUnknown: it is none, or the object store's settings lack something.
    """
    from esb.admin.archiving import depot_at

    own = archive.place
    if own and "://" not in own:
        own = str(home / own)
    return depot_at(place or own, lambda: _access(archive))


def _access(archive: "Archive") -> "S3Access":
    from esb.admin.archiving import PlaceUnknown
    from esb.audit.depot_s3 import S3Access

    if not archive.access_key:
        raise PlaceUnknown("Who asks at the object store? Set archive.access_key, and the secret.")
    secret = archive.secret
    if secret is None:
        try:
            secret = archive.secret_file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise PlaceUnknown(
                f"The object store's secret cannot be read from {archive.secret_file}: write it there, for the bus "
                "alone, or set SHLUZ_ARCHIVE_SECRET."
            ) from None
    return S3Access(archive.endpoint, archive.region, archive.access_key, secret, archive.anchors)
