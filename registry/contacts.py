"""Contacts: the people of a member who are asked, each in one or several roles.

A contact is never overwritten: a change ends the row and adds another, so that who was told of something at some time
can be found.  The list of changes, which is evidence and kept for good, names a contact by its number alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.checks import lawful_email, lawful_telephone, lawful_text
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.member_models import ContactRole, ContactRow
from esb.registry.members import get_member


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to turn to.

    Attributes:
        office: the person's post, in words.
        telephone: with its country, ``+994 12 555 00 00``.
        roles: at least one.
    """

    name: str
    office: str
    email: str
    telephone: str
    roles: frozenset[ContactRole]


def add_contact(act: Act, member: str, contact: Contact) -> int:
    """Keep a contact of a member and return its number.  The very same contact again is no change.

    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the member).
    """
    get_member(act.session, member)
    contact = _lawful(contact)
    for known in list_contacts(act.session, member):
        if contact_of(known) == contact:
            return known.id
    return _put(act, member, contact, {})


def change_contact(
    act: Act,
    number: int,
    reason: str,
    *,
    name: str | None = None,
    office: str | None = None,
    email: str | None = None,
    telephone: str | None = None,
    roles: Iterable[ContactRole] | None = None,
) -> int:
    """Change a contact; what is None stays as it is.  Return the number of the contact from now on.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid`,
    :class:`~esb.registry.errors.Conflict` when it has ended already.
    """
    reason = lawful_text(reason, "reason")
    row = _current(act.session, number)
    before = contact_of(row)
    wanted = _lawful(
        Contact(
            before.name if name is None else name,
            before.office if office is None else office,
            before.email if email is None else email,
            before.telephone if telephone is None else telephone,
            before.roles if roles is None else frozenset(roles),
        )
    )
    if wanted == before:
        return number
    row.ended_at = act.now
    changed = [
        field for field in ("name", "office", "email", "telephone") if getattr(wanted, field) != getattr(row, field)
    ]
    return _put(act, row.member, wanted, {"instead_of": number, "changed": changed, "reason": reason})


def end_contact(act: Act, number: int, reason: str) -> None:
    """Note that a contact is one no more; again is no change.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given).
    """
    reason = lawful_text(reason, "reason")
    row = get_contact(act.session, number)
    if row.ended_at is not None:
        return
    row.ended_at = act.now
    act.record("end", "contact", str(number), {"member": row.member, "reason": reason})


def get_contact(session: Session, number: int) -> ContactRow:
    """Return a contact, an ended one too.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(ContactRow, number)
    if row is None:
        raise NotFound(f"contact {number} is not registered; see the member's contacts for its number")
    return row


def list_contacts(
    session: Session, member: str, *, role: ContactRole | None = None, ended: bool = False
) -> list[ContactRow]:
    """Return a member's contacts by number, in one role or in any; those that have ended only when asked for."""
    rows = select(ContactRow).where(ContactRow.member == member).order_by(ContactRow.id)
    if not ended:
        rows = rows.where(ContactRow.ended_at.is_(None))
    return [row for row in session.scalars(rows) if role is None or role.value in row.roles]


def contact_of(row: ContactRow) -> Contact:
    """Return what a row says."""
    return Contact(row.name, row.office, row.email, row.telephone, frozenset(map(ContactRole, row.roles)))


def _put(act: Act, member: str, contact: Contact, detail: dict[str, object]) -> int:
    roles = sorted(role.value for role in contact.roles)
    row = ContactRow(
        member=member,
        roles=frozenset(roles),
        name=contact.name,
        office=contact.office,
        email=contact.email,
        telephone=contact.telephone,
        added_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    act.record("add", "contact", str(row.id), {"member": member, "roles": roles, **detail})
    return row.id


def _current(session: Session, number: int) -> ContactRow:
    row = get_contact(session, number)
    if row.ended_at is not None:
        raise Conflict(f"contact {number} has ended; add the person anew, or change the contact that took its place")
    return row


def _lawful(contact: Contact) -> Contact:
    if not contact.roles:
        raise Invalid("the contact has no role; give responsible, technical or security, one or several")
    return Contact(
        lawful_text(contact.name, "name"),
        lawful_text(contact.office, "office"),
        lawful_email(contact.email),
        lawful_telephone(contact.telephone),
        contact.roles,
    )
