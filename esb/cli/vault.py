"""What a command finds an exchange with whose month has left the log."""

from contextlib import closing
from typing import TYPE_CHECKING

from esb.cli.log_tree import signer_of
from esb.vaults import vault_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from esb.audit.vault import Vault
    from esb.cli.place import Place


def open_vault(place: "Place", archives: "Sequence[str]") -> "AbstractContextManager[Vault]":
    """As :func:`vault_of`, closed at the end."""
    return closing(vault_of(place, archives))


def vault_of(place: "Place", archives: "Sequence[str]") -> "Vault":
    """What finds exchanges that have left the log; the archive and the log's key are looked for once one has.

    Args:
        archives: where packages are, as the command was told; none for where the settings say.
    """
    settings = place.load().settings
    return vault_at(settings, lambda: signer_of(settings).key, archives, place.home)
