"""The passphrase under which a home's private keys are encrypted."""

from pathlib import Path

from esb.certs.keys import KeyUnusable


def read_passphrase(given: str | None, file: Path) -> bytes:
    """The passphrase: as given (from the environment), else the first line of a file.

    Raises:
        KeyUnusable: neither is there.
    """
    if given:
        return given.encode()
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise KeyUnusable(
            f"the passphrase file {file} cannot be read ({error.strerror}): put it there, or set SHLUZ_KEYS_PASSPHRASE"
        ) from error
    if not lines or not lines[0]:
        raise KeyUnusable(f"the passphrase file {file} is empty: write the passphrase into its first line")
    return lines[0]
