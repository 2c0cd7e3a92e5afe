"""The container of an evidence package: ASiC-E with XAdES (ETSI EN 319 162-1, clauses 4.2, 4.4.3 and A.1), on octets.

A ZIP file in one form, to the octet: ``mimetype`` first, then ``META-INF/manifest.xml`` (as OpenDocument has it) and
``META-INF/signatures0.xml``, then the files by name; all of them stored, none compressed, all of one date, without
extra fields and comments.  It is read by going through it from the front and writing it again: a file with one octet
more, less or otherwise is none.  So nothing can be hidden in it, no name can stand twice, none can lead out of a
folder, and nothing in it grows when it is unpacked.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from esb.certs.asic import MOST_FILES, is_file_name
from esb.kernel.faults import EsbError

MEDIA_TYPE: Final = "application/vnd.etsi.asic-e+zip"
EXTENSION: Final = ".asice"
LARGEST: Final = 256 * 1024 * 1024
"""Octets of the largest container that is written or read."""

SIGNATURES: Final = "META-INF/signatures0.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_MIMETYPE: Final = "mimetype"
_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"

# APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16.
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_LOCAL_MARK: Final = b"PK\x03\x04"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_END_MARK: Final = b"PK\x05\x06"
_NEEDED: Final = 10  # version 1.0: nothing but stored files
_MADE_BY: Final = 3 << 8 | _NEEDED  # Unix, so that the files' modes are read
_STORED: Final = 0
_DATE: Final = 0x21  # 1980-01-01, the first day that ZIP knows
_MODE: Final = 0o100644 << 16  # a plain file


class ContainerMalformed(EsbError):
    """A file is not a container in its one form; the text says where it is not."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container taken apart; nothing of it is verified.

    Attributes:
        signatures: the signature document.
        files: what it holds, by name; ``mimetype`` and what lies in META-INF apart.
        media: each file's media type, as the manifest says.
    """

    signatures: bytes
    files: Mapping[str, bytes]
    media: Mapping[str, str]


def write_container(files: Mapping[str, bytes], media: Mapping[str, str], signatures: bytes) -> bytes:
    """Put a container together.

    Args:
        files: contents by name.
        media: each file's media type.
        signatures: the document over them (:func:`esb.certs.asic.sign_files`).

    Raises:
        ContainerMalformed: it would be too large, or a name is not lawful.
    """
    parts = [(_MIMETYPE, MEDIA_TYPE.encode()), (_MANIFEST, _manifest(media)), (SIGNATURES, signatures)]
    parts += sorted(files.items())
    if not all(is_file_name(name) for name in files) or len(parts) > MOST_FILES:
        raise ContainerMalformed("a container's files have plain names, and there are not too many of them")
    if sum(len(content) + 2 * len(name) + 128 for name, content in parts) > LARGEST:
        raise ContainerMalformed(
            f"the package would be larger than {LARGEST // 2**20} MiB: leave out what is not needed, such as a large "
            "revocation list"
        )
    pieces: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, content in parts:
        facts = (0, _STORED, 0, _DATE, zlib.crc32(content), len(content), len(content), len(name))
        head = _LOCAL.pack(_LOCAL_MARK, _NEEDED, *facts, 0) + name.encode()
        directory.append(_CENTRAL.pack(_CENTRAL_MARK, _MADE_BY, _NEEDED, *facts, 0, 0, 0, 0, _MODE, at) + name.encode())
        pieces += (head, content)
        at += len(head) + len(content)
    listed = b"".join(directory)
    end = _END.pack(_END_MARK, 0, 0, len(parts), len(parts), len(listed), at, 0)
    return b"".join((*pieces, listed, end))


def read_container(octets: bytes) -> Container:
    """Take a container apart.

    Args:
        octets: all of the file; the caller has read no more than :data:`LARGEST` and one more.

    Raises:
        ContainerMalformed: see the class.
    """
    if len(octets) > LARGEST:
        raise ContainerMalformed(f"the file is larger than {LARGEST // 2**20} MiB, as no evidence package is")
    if not octets.startswith(_LOCAL_MARK):
        raise ContainerMalformed("the file is not a ZIP file")
    found = dict[str, bytes]()
    for name, content in _parts(octets):
        if name in found:
            raise ContainerMalformed("a name stands twice in the container")
        found[name] = content
    if [*found][:3] != [_MIMETYPE, _MANIFEST, SIGNATURES] or found.pop(_MIMETYPE) != MEDIA_TYPE.encode():
        raise ContainerMalformed("the container does not begin with its media type, its manifest and its signature")
    manifest, signatures = found.pop(_MANIFEST), found.pop(SIGNATURES)
    media = _listed(manifest, found)
    if media.keys() != found.keys():
        raise ContainerMalformed("the container's manifest lists other files than there are")
    if write_container(found, media, signatures) != octets:
        raise ContainerMalformed("the container is not in the one form in which it is written: something was added")
    return Container(signatures, found, media)


def _parts(octets: bytes) -> Iterable[tuple[str, bytes]]:
    """Names and contents from the front; what lies between and behind is found by writing all of it again."""
    at, count = 0, 0
    while octets.startswith(_LOCAL_MARK, at):
        count += 1
        if count > MOST_FILES or at + _LOCAL.size > len(octets):
            raise ContainerMalformed("the container is cut short, or holds too many files")
        *_, method, _, _, _, packed, size, length, extra = _LOCAL.unpack_from(octets, at)
        start = at + _LOCAL.size + length
        if method != _STORED or packed != size or extra or start + size > len(octets):
            raise ContainerMalformed("a file of the container is compressed or cut short, as none is")
        try:
            name = octets[at + _LOCAL.size : start].decode("ascii")
        except UnicodeDecodeError:
            raise ContainerMalformed("a name in the container is not of plain letters") from None
        yield name, octets[start : start + size]
        at = start + size


def _manifest(media: Mapping[str, str]) -> bytes:
    entries = "".join(
        f"  <manifest:file-entry manifest:full-path={quoteattr(name)} manifest:media-type={quoteattr(kind)}/>\n"
        for name, kind in [("/", MEDIA_TYPE), *sorted(media.items())]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest:manifest xmlns:manifest="{_ODF}" manifest:version="1.2">\n{entries}</manifest:manifest>\n'
    ).encode()


def _listed(manifest: bytes, files: Mapping[str, bytes]) -> dict[str, str]:
    """The media types that a manifest of the one form gives; anything else in it is found by writing it again."""
    media: dict[str, str] = {}
    for line in manifest.decode("ascii", "replace").split("\n"):
        pieces = line.split('"')
        if len(pieces) == 5 and pieces[1] in files:
            media[pieces[1]] = pieces[3]
    return media
