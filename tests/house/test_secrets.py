"""No key material is in the repository: tests make their own."""

import re
from pathlib import Path, PurePosixPath

# The armour alone may stand in code that reads it; armour with something in it may not.
_KEY = re.compile(
    rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:\\r|\\n|[\s\"']|[bB](?=[\"']))*"
    rb"(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{24}"
)
_SUFFIXES = {".pem", ".key", ".p12", ".pfx", ".jks", ".p8", ".ppk", ".kdbx"}


def test_no_file_of_keys(files: list[str]) -> None:
    assert [name for name in files if PurePosixPath(name).suffix.lower() in _SUFFIXES] == []


def test_no_private_key_in_any_file(files: list[str], root: Path) -> None:
    assert [name for name in files if _KEY.search((root / name).read_bytes())] == []


def test_a_private_key_would_be_found() -> None:
    armour = b"-----BEGIN %b-----"
    for kind in (b"PRIVATE KEY", b"RSA PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"OPENSSH PRIVATE KEY"):
        for join in (b"\n", b"\\n", b'\\n"\n    b"', b"\nProc-Type: 4,ENCRYPTED\n\n"):
            assert _KEY.search(armour % kind + join + b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")
    assert not _KEY.search(b'if pem.startswith(b"-----BEGIN PRIVATE KEY-----"):\n')
