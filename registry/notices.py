"""Notices: what members are told, in the same transaction as the act that gives occasion for it.

A notice lies in each recipient's mailbox from then on, and waits in the outbox for each of the recipient's channels.
What is committed is told sooner or later, and what is undone was never said.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import insert, select

from esb.registry.acts import Act
from esb.registry.checks import lawful_code, lawful_text
from esb.registry.errors import Invalid, NotFound
from esb.registry.models import MemberRow
from esb.registry.notice_models import (
    ChannelRow,
    DeliveryRow,
    DeliveryState,
    MailboxRow,
    NoticeRow,
    Topic,
)

__all__ = ["OPERATOR", "SUPERVISOR", "Topic", "lawful_recipient", "tell"]

OPERATOR: Final = "@operator"
"""Who runs the bus, as a recipient."""

SUPERVISOR: Final = "@supervisor"
"""The agency that supervises the procedure (statute, 4.1.4), as a recipient."""

_LARGEST_FACTS: Final = 16_384  # bytes of JSON: a notice is read by people


def tell(
    act: Act,
    topic: Topic,
    about: str,
    to: Collection[str] | str,
    facts: Mapping[str, Any],
    *,
    once: str | None = None,
) -> int | None:
    """Tell something to members, as part of the open act; return the notice's number.

    Args:
        about: the thing as ``kind:key``, such as ``service:DIN/IAMAS/PersonQuery/v1``.
        to: members' codes, :data:`OPERATOR` or :data:`SUPERVISOR`: one, or a collection of them.
        facts: the text's particulars, as plain JSON; no secrets, for they go out by e-mail.
        once: a key under which this is told only once ever: ``grant:17:30 days ahead``.

    Returns:
        None when nobody is to be told, or when what ``once`` names was told before.

    Raises:
        NotFound: a recipient is no member.
        Invalid: ``about`` is empty, or ``facts`` are no JSON or too many.
    """
    recipients = sorted({to} if isinstance(to, str) else set(to))
    about = lawful_text(about, "what the notice is about")
    plain = _plain(facts)
    if not recipients:
        return None
    _known(act, recipients)
    if once is not None and act.session.scalar(select(NoticeRow.id).where(NoticeRow.once == once)) is not None:
        return None
    row = NoticeRow(at=act.now, author=act.author, topic=topic, about=about, facts=plain, once=once)
    act.session.add(row)
    act.session.flush()
    letters = [{"notice": row.id, "recipient": one} for one in recipients]
    act.session.execute(insert(MailboxRow), letters)
    _send_out(act, row, recipients)
    act.record("tell", "notice", str(row.id), {"topic": topic.value, "about": about, "to": recipients, "facts": plain})
    return row.id


def lawful_recipient(recipient: str) -> str:
    """Return whom a notice may be for: a member's code, :data:`OPERATOR` or :data:`SUPERVISOR`.

    Raises :class:`~esb.registry.errors.Invalid`.
    """
    return recipient if recipient in (OPERATOR, SUPERVISOR) else lawful_code(recipient, "member code")


def _known(act: Act, recipients: list[str]) -> None:
    codes = {lawful_recipient(one) for one in recipients} - {OPERATOR, SUPERVISOR}
    missing = codes - set(act.session.scalars(select(MemberRow.code).where(MemberRow.code.in_(codes))))
    if missing:
        raise NotFound(f"member {min(missing)!r} is not registered, so it cannot be told anything")


def _send_out(act: Act, notice: NoticeRow, recipients: list[str]) -> None:
    """Put the notice into the outbox, for every channel that takes it."""
    channels = select(ChannelRow.id, ChannelRow.topics).where(
        ChannelRow.recipient.in_(recipients), ChannelRow.verified_at.is_not(None), ChannelRow.ended_at.is_(None)
    )
    waiting = [
        {
            "notice": notice.id,
            "channel": channel,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "made_at": act.now,
            "next_at": act.now,
        }
        for channel, topics in act.session.execute(channels.order_by(ChannelRow.id))
        if topics is None or notice.topic.value in topics
    ]
    if waiting:
        act.session.execute(insert(DeliveryRow), waiting)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(facts), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid("a notice's facts are plain JSON: texts, numbers, lists and objects") from error
    if len(text.encode(errors="replace")) > _LARGEST_FACTS:
        raise Invalid(
            f"a notice's facts take more than {_LARGEST_FACTS} bytes; name what matters and leave out the rest"
        )
    plain: dict[str, Any] = json.loads(text)
    return plain
