"""Subjects: the persons whom a message names where its resource says so, as their pseudonyms for its record.

Only what is signed is read, from the tree that was parsed for everybody.  Where nobody said where persons stand, the
answer is given without a look.
"""

from itertools import islice
from typing import Final

from esb.audit.entry import MANY
from esb.kernel.fin import read_fin
from esb.kernel.message import Authenticated, VerifiedAnswer
from esb.kernel.pseudonyms import Pseudonyms
from esb.kernel.subjects import SubjectPath, values_at
from esb.kernel.xml import Element
from esb.stages.progress import Progress
from esb.stages.way import Way

MOST: Final = 100
"""Persons whose pseudonyms a record holds; of more, it says how many more there are."""

Named = tuple[str, int | None]
"""An entry's ``subject`` and ``unnamed``."""

NOBODY: Final[Named] = ("", None)


def subjects_of(payload: Element, paths: tuple[SubjectPath, ...], pseudonyms: Pseudonyms) -> Named:
    """The persons at some paths.  What is not written as a FIN is nobody who could be asked for, and is left out."""
    fins = dict.fromkeys(fin for text in values_at(payload, paths) if (fin := read_fin(text)) is not None)
    made = sorted(pseudonyms.of(fin) for fin in islice(fins, MOST))
    if len(fins) <= MOST:
        return " ".join(made), None
    return " ".join((*made, MANY)), len(fins) - MOST


def subjects_asked(message: Authenticated, paths: tuple[SubjectPath, ...], way: Way) -> Named:
    """The persons whom a request's signed Body names.

    Raises:
        RuntimeError: there is no key for pseudonyms; a directory that names persons comes into force only with one.
    """
    body = message.signature.body.element
    return subjects_of(body[0], paths, _pseudonyms(way)) if paths and len(body) else NOBODY


def subjects_answered(message: VerifiedAnswer, paths: tuple[SubjectPath, ...], way: Way) -> Named:
    """The persons whom an answer names; a provider's own fault names none.

    Raises:
        RuntimeError: as for :func:`subjects_asked`.
    """
    payload = message.payload
    return subjects_of(payload, paths, _pseudonyms(way)) if paths and payload is not None else NOBODY


def subjects_refused(progress: Progress, way: Way) -> Named:
    """The persons whom a refused request names, once its sender is known: who had no leave to ask did ask."""
    message = progress.authenticated
    if message is None or way.pseudonyms is None:
        return NOBODY
    if progress.authorized is not None:
        operation = progress.authorized.operation
    else:
        service = way.directory.services.get(progress.path)
        body = message.signature.body.element
        found = service.operations.get(str(body[0].tag)) if service is not None and len(body) else None
        if found is None:
            return NOBODY
        operation = found
    return NOBODY if operation.subjects is None else subjects_asked(message, operation.subjects.request, way)


def _pseudonyms(way: Way) -> Pseudonyms:
    if way.pseudonyms is None:
        raise RuntimeError("a service names persons, and there is no key to make pseudonyms with")
    return way.pseudonyms
