"""What a command finds an exchange with whose month has left the log."""

from contextlib import closing
from typing import TYPE_CHECKING

from esb.cli.depots import depots_of
from esb.cli.log_tree import signer_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from esb.audit.vault import Vault
    from esb.cli.place import Place


def open_vault(place: "Place", archives: "Sequence[str]") -> "AbstractContextManager[Vault]":
    """What finds exchanges that have left the log; the archive and the log's key are looked for once one has.

    Args:
        archives: where packages are, as the command was told; none for where the settings say.
    """
    from esb.audit.vault import Vault

    settings = place.load().settings
    return closing(
        Vault(
            settings.evidence.url,
            lambda: signer_of(settings).key,
            lambda: depots_of(settings.archive, archives, place.home),
        )
    )
