"""What differs between two versions of an entry, for people and for the list of changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ.

    Attributes:
        path: ``entry.name.en``; a member of a list by what it is known by: ``entry.elements[Doğum tarixi].key``.
        before, after: None where there was, or is, nothing.
    """

    path: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two JSON documents, by path.

    The members of a list are compared by what they are, not by where they stand; a mere change of order is told as one.
    """
    return list(_compare("", before, after))


def _compare(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _compare(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(path, before, after)
    else:
        yield Difference(path, before, after)


def _compare_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    old = {_known_by(one): one for one in before}
    new = {_known_by(one): one for one in after}
    # dict.fromkeys keeps the order in which people wrote them.
    for key in dict.fromkeys([*old, *new]):
        yield from _compare(f"{path}[{key}]", old.get(key), new.get(key))
    if old == new or list(filter(new.__contains__, old)) != list(filter(old.__contains__, new)):
        yield Difference(path, [_known_by(one) for one in before], [_known_by(one) for one in after])


def _known_by(member: Any) -> str:
    """What tells a member of a list from the others: a document's digest, an element's Azerbaijani name, or itself."""
    if isinstance(member, Mapping):
        return str(member["sha256"] if "sha256" in member else member["name"]["az"])
    return str(member)
