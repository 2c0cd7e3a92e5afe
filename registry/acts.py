"""An act: one change of the registry by one author at one time, whole or not at all."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.database import writing
from esb.registry.models import ChangeRow


@dataclass(frozen=True, slots=True)
class Act:
    """What every changing function is given: the open transaction, who acts, and when (Unix seconds)."""

    session: Session
    author: str
    now: float

    def record(self, act: str, kind: str, key: str, detail: dict[str, Any]) -> None:
        """Write the change row that belongs to what was just done.

        Args:
            act: what was done: ``add``, ``update``, ``revoke``.
            kind: ``member``, ``system``, ``contract``, ``service``, ``certificate`` or ``grant``.
            key: the thing's name: a code, a service's text, a digest in hex, a grant's number.
            detail: what was set, as plain JSON; for an update ``{field: [before, after]}``.
        """
        self.session.add(ChangeRow(at=self.now, author=self.author, act=act, kind=kind, key=key, detail=detail))
        # Now, not at the end: numbers follow the order of the acts, and a constraint breaks where its cause is.
        self.session.flush()


@contextmanager
def acting(engine: Engine, author: str, now: float) -> Iterator[Act]:
    """Give an :class:`Act`; what is done with it is committed together at the block's end.

    ::

        with acting(engine, author="operator.aliyev", now=clock.now()) as act:
            digest = put_contract(act, packed, contract)
            add_service(act, service, digest, terms)

    Any error that leaves the block undoes all of it.  Writers wait for one another, so keep the block short.
    Raises :class:`~esb.registry.errors.Invalid` for an author without a name,
    :class:`~esb.registry.errors.Conflict`, :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    author, now = lawful_text(author, "author"), lawful_moment(now, "time of the act")
    with writing(engine) as session:
        yield Act(session, author, now)


def same_officer(one: str, other: str) -> bool:
    """Whether two authors are one person, however the name is written: in doubt they are."""
    return (
        unicodedata.normalize("NFKC", one).casefold().strip() == unicodedata.normalize("NFKC", other).casefold().strip()
    )


def list_changes(session: Session, since: int = 0, limit: int = 1000) -> list[ChangeRow]:
    """Return at most ``limit`` changes with a number above ``since``, oldest first."""
    rows = select(ChangeRow).where(ChangeRow.number > since).order_by(ChangeRow.number).limit(limit)
    return list(session.scalars(rows))


def find_changes(
    session: Session,
    *,
    kind: str | None = None,
    key: str | None = None,
    author: str | None = None,
    since: float | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ChangeRow]:
    """Return at most ``limit`` changes, newest first: to one kind of thing or one thing, by one author.

    Args:
        since: Unix seconds; only what was done then or later.
        before: only changes with a lower number: the last one's of the page before.
    """
    rows = select(ChangeRow).order_by(ChangeRow.number.desc()).limit(limit)
    for column, wanted in ((ChangeRow.kind, kind), (ChangeRow.key, key), (ChangeRow.author, author)):
        if wanted is not None:
            rows = rows.where(column == wanted)
    if since is not None:
        rows = rows.where(ChangeRow.at >= since)
    return list(session.scalars(rows if before is None else rows.where(ChangeRow.number < before)))


def last_change(session: Session, until: int | None = None) -> ChangeRow | None:
    """Return the change with the highest number, or the highest not above ``until``; None where there is none."""
    rows = select(ChangeRow).order_by(ChangeRow.number.desc()).limit(1)
    return session.scalar(rows if until is None else rows.where(ChangeRow.number <= until))
