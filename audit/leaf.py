"""The canonical bytes of an entry, and their hash as a leaf of an RFC 6962 Merkle tree.

A leaf is JSON in the canonical form of RFC 8785, narrowed to one object of strings and integers: keys sorted, no
spaces, UTF-8, nothing escaped that need not be.  A fact that does not apply ("" or None) is left out, so each entry
has exactly one leaf and each leaf one entry.  ``"v":1`` names this form; a leaf once written never changes.
"""

import hashlib
import json
import re
from dataclasses import fields
from json.encoder import encode_basestring
from operator import attrgetter, itemgetter
from typing import Any, Final

from esb.audit.entry import Entry, Kind, record_id
from esb.kernel.faults import EsbError

VERSION: Final = 1
_LARGEST: Final = 2**53 - 1  # RFC 8785 section 3.2.2.3: integers beyond are not exact for every reader

_NAMES: Final = tuple(sorted(field.name for field in fields(Entry)))
_VALUES: Final = attrgetter(*_NAMES)
_NUMBERS: Final = frozenset({"at", "grant", "duration_us", "provider_us", "unnamed"})
_KEYS: Final = tuple(f',"{name}":' for name in _NAMES)
_KINDS: Final = {kind.value: kind for kind in Kind}
_END: Final = f',"v":{VERSION}}}'  # the last of the keys in order, which no leaf is without

# A canonical text without any of these is written as it stands (a quotation mark takes a backslash).
_ESCAPED: Final = bytes(range(0x20)) + b"\\"
_PLAIN_NUMBER: Final = "(0|-?[1-9][0-9]{0,15})"
_PLAIN_TEXT: Final = '"([^"]+)"'
# The time is the first of the keys, and no leaf is without it.
_PLAIN: Final = re.compile(
    rf'{{"at":{_PLAIN_NUMBER}'
    + "".join(f"(?:{key}{_PLAIN_NUMBER if key[2:-2] in _NUMBERS else _PLAIN_TEXT})?" for key in _KEYS[1:])
    + re.escape(_END)
)
_AS_WRITTEN: Final = itemgetter(*(_NAMES.index(field.name) for field in fields(Entry)))
_RECORD, _EXCHANGE, _KIND = (_NAMES.index(name) for name in ("record", "exchange", "kind"))
_PLACES: Final = tuple(_NAMES.index(name) for name in sorted(_NUMBERS))


class LeafInvalid(EsbError):
    """An entry has no canonical form, or bytes are not the canonical form of any entry."""


def leaf_bytes(entry: Entry) -> bytes:
    """Write an entry in its one canonical form.

    Raises:
        LeafInvalid: a text holds a lone surrogate, a number is beyond 2^53, or the record's name is not that of its
            exchange and kind.
    """
    if entry.record != record_id(entry.exchange, entry.kind):
        raise LeafInvalid("the record's name is not that of its exchange and kind")
    pieces: list[str] = []
    for key, value in zip(_KEYS, _VALUES(entry), strict=True):
        if value.__class__ is str:
            if value:
                pieces += (key, encode_basestring(value))
        elif value is None:
            pass
        elif value.__class__ is int:
            if not -_LARGEST <= value <= _LARGEST:
                raise LeafInvalid("a number of the entry is beyond 2^53 - 1")
            pieces += (key, str(value))
        else:
            pieces += (key, value.text)
    pieces.append(_END)
    try:
        # The first key has no comma before it.
        return ("{" + "".join(pieces)[1:]).encode()
    except UnicodeEncodeError as error:
        raise LeafInvalid("a text of the entry holds a lone surrogate: pass strangers' texts through clip()") from error


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf: SHA-256 over a zero byte and the leaf (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def read_leaf(leaf: bytes) -> Entry:
    """Read an entry back from its canonical form, and from that form only.

    Raises:
        LeafInvalid: these bytes are not what :func:`leaf_bytes` writes for any entry.
    """
    return _read_plain(leaf) or _read_any(leaf)


def _read_plain(leaf: bytes) -> Entry | None:
    """Read a leaf in which nothing is escaped, as nearly every one is; None where that is not so or it is none.

    Such a leaf is its keys in order with the texts as they stand between them, so one look at its form tells as much
    as reading it and writing it again, for a quarter of the time.
    """
    if len(leaf.translate(None, _ESCAPED)) != len(leaf):
        return None
    try:
        found = _PLAIN.fullmatch(leaf.decode())
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    values: list[Any] = list(found.groups(""))
    for place in _PLACES:
        if text := values[place]:
            values[place] = number = int(text)
            if not -_LARGEST <= number <= _LARGEST:
                return None
        else:
            values[place] = None
    kind = values[_KIND] = _KINDS.get(values[_KIND])
    if kind is None or values[_RECORD] != values[_EXCHANGE] + kind.suffix:
        return None
    return Entry(*_AS_WRITTEN(values))


def _read_any(leaf: bytes) -> Entry:
    try:
        facts = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise LeafInvalid("the leaf is not JSON") from error
    if not isinstance(facts, dict):
        raise LeafInvalid("the leaf is not a JSON object")
    version = facts.pop("v", None)
    if version != VERSION:
        raise LeafInvalid("the leaf is of a version that this program does not know")
    values: dict[str, object] = {name: None if name in _NUMBERS else "" for name in _NAMES}
    for name, value in facts.items():
        if name not in values or type(value) is not (int if name in _NUMBERS else str):
            raise LeafInvalid(f"the leaf's field {name[:40]!r} is unknown or of the wrong type")
        values[name] = value
    kind = _KINDS.get(str(values["kind"]))
    if kind is None or values["at"] is None:
        raise LeafInvalid("the leaf has no kind or no time")
    values["kind"] = kind
    entry = Entry(**values)  # type: ignore[arg-type]  # the loop above has checked each field's type
    if leaf_bytes(entry) != leaf:
        raise LeafInvalid("the leaf is not in canonical form")
    return entry
