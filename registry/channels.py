"""Channels: where a recipient's notices are sent besides the mailbox, once it is proved that they arrive there."""

import ipaddress
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import get_member
from esb.registry.notice_models import ChannelKind, ChannelRow, DeliveryRow, DeliveryState, Topic
from esb.registry.notices import OPERATOR, SUPERVISOR, lawful_recipient

_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_LONGEST: Final = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets


def add_channel(
    act: Act,
    recipient: str,
    kind: ChannelKind,
    address: str,
    code: str,
    topics: Collection[Topic] | None = None,
) -> int:
    """Note an address for a recipient and send the code there; return the channel's number.

    Nothing else goes there until :func:`verify_channel` is given the code: whoever mistypes an address must not send
    the state's affairs to a stranger.

    Args:
        code: what nobody can guess, e.g. ``secrets.token_hex(8)``.
        topics: only notices on these; None for all.

    Raises:
        NotFound: the recipient is no member.
        Invalid: the address is none.
        Conflict: the recipient has this channel already.
    """
    recipient = lawful_recipient(recipient)
    if recipient not in (OPERATOR, SUPERVISOR):
        get_member(act.session, recipient)
    address = lawful_mail(address) if kind is ChannelKind.MAIL else lawful_webhook(address)
    standing = select(ChannelRow.id).where(
        ChannelRow.recipient == recipient,
        ChannelRow.kind == kind,
        ChannelRow.address == address,
        ChannelRow.ended_at.is_(None),
    )
    known = act.session.scalar(standing)
    if known is not None:
        raise Conflict(f"channel {known} of {recipient} has this address already; end it first to begin anew")
    if topics is not None and not topics:
        raise Invalid("the channel takes no topic at all; name at least one, or leave topics out to take every one")
    row = ChannelRow(
        recipient=recipient,
        kind=kind,
        address=address,
        topics=None if topics is None else frozenset(topic.value for topic in topics),
        code=code,
        added_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    act.session.add(
        DeliveryRow(channel=row.id, state=DeliveryState.WAITING, attempts=0, made_at=act.now, next_at=act.now)
    )
    act.record("add", "channel", str(row.id), _facts(row))
    return row.id


def verify_channel(act: Act, channel: int, code: str) -> None:
    """Open a channel with the code that was sent over it.  Again is no change.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (it is another code),
    :class:`~esb.registry.errors.Conflict` (the channel was ended).
    """
    row = get_channel(act.session, channel)
    if row.ended_at is not None:
        raise Conflict(f"channel {channel} was ended; add it again")
    if row.verified_at is not None:
        return
    if row.code != code.strip():
        raise Invalid(f"this is not the code that was sent over channel {channel}; look for the newest message there")
    row.code, row.verified_at = None, act.now
    act.record("verify", "channel", str(channel), {})


def end_channel(act: Act, channel: int) -> None:
    """Send nothing more over a channel; what waits for it is dropped.  Again is no change.

    Raises :class:`~esb.registry.errors.NotFound`.
    """
    row = get_channel(act.session, channel)
    if row.ended_at is not None:
        return
    row.ended_at = act.now
    act.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.channel == channel, DeliveryRow.state == DeliveryState.WAITING)
        .values(state=DeliveryState.DROPPED, ended_at=act.now, holder=None, held_until=None)
    )
    act.record("end", "channel", str(channel), {})


def get_channel(session: Session, channel: int) -> ChannelRow:
    """Return a channel, ended ones too.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(ChannelRow, channel)
    if row is None:
        raise NotFound(f"there is no channel {channel}; list the channels to find its number")
    return row


def list_channels(session: Session, recipient: str | None = None, *, ended: bool = False) -> list[ChannelRow]:
    """Return the channels of one recipient or of all, by number; ended ones only when asked for."""
    rows = select(ChannelRow).order_by(ChannelRow.id)
    if recipient is not None:
        rows = rows.where(ChannelRow.recipient == recipient)
    return list(session.scalars(rows if ended else rows.where(ChannelRow.ended_at.is_(None))))


def lawful_mail(address: str) -> str:
    """Return an e-mail address of the plain form ``local@domain`` (RFC 5321, dot-atom).  Raises :class:`Invalid`."""
    if len(address) > _LONGEST or not _MAIL.fullmatch(address) or ".." in address or address.startswith("."):
        raise Invalid("this is not an e-mail address of the form name@agency.example, in ASCII letters")
    return address


def lawful_webhook(address: str) -> str:
    """Return the URL of a webhook: https, a host name (no address in numbers), nothing secret.

    Where the name leads is judged at each delivery.  Raises :class:`~esb.registry.errors.Invalid`.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise Invalid("the webhook's URL cannot be read; write it like https://host:8443/path") from error
    if not address.isascii() or any(one <= " " or one in '\x7f"<>\\^`{|}' for one in address) or len(address) > 2_000:
        raise Invalid("the webhook's URL holds a blank or a character that a URL must write as %XX, or is too long")
    if parts.username is not None or parts.password is not None:
        raise Invalid("the webhook's URL holds a user's name or password; leave it out: requests to it are signed")
    if parts.scheme != "https" or not parts.hostname or port == 0 or parts.fragment:
        raise Invalid("a webhook is an absolute https URL without a fragment, like https://host:8443/path")
    if _is_address(parts.hostname):
        raise Invalid("a webhook's host is a name, not an address in numbers, because its certificate names it")
    return address


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # To some resolvers 0x7f.1, 2130706433 and 127.1 are addresses: a last label that begins so is no name.
        return host.rstrip(".").rpartition(".")[2][:1].isdigit() or "." not in host
    return True


def _facts(row: ChannelRow) -> dict[str, object]:
    return {
        "recipient": row.recipient,
        "kind": row.kind.value,
        "address": row.address,
        "topics": None if row.topics is None else sorted(row.topics),
    }
