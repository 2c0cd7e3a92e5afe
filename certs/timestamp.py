"""The wsu:Timestamp (WSS 1.1 section 10): exactly one Created, at most one Expires after it, as Unix seconds."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from esb.certs.verbatim import verbatim
from esb.certs.walk import children, text_of
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import WSU
from esb.kernel.xml import Element

_CREATED: Final = f"{{{WSU}}}Created"
_EXPIRES: Final = f"{{{WSU}}}Expires"
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LONGEST: Final = 64
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,20})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


@lru_cache(maxsize=1024)
def _second(text: str) -> int:
    """``2015-02-01T09:30:00`` in UTC as Unix seconds.  Messages of one second share it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def seconds(text: str) -> float | None:
    """Read an xs:dateTime as Unix seconds, or return None when it is not one between 1970 and 9999.

    A time without an offset is UTC, as WSS 1.1 section 10 has it.  ``24:00:00`` is the first moment of the next day
    (XML Schema Part 2, 3.2.7); a leap second (``:60``) is no xs:dateTime.
    """
    match = _DATE_TIME.fullmatch(text.strip(" \t\r\n"))
    if match is None:
        return None
    zone = match.group(8)
    if (zone is None or zone == "Z") and len(match.group(7) or "") <= 7:
        # The form that nearly all clients write; the standard library reads it, but for the end of a day.
        try:
            whole = _second(match.group()[:19])
        except ValueError:
            pass
        else:
            return whole + float(match.group(7) or 0) if whole >= 0 else None
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    if year < 1970 or minute > 59 or second > 59 or hour > 24:
        return None
    fraction = float(match.group(7) or 0)
    if hour == 24 and (minute or second or fraction):
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    offset = 0
    if zone is not None and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if minutes > 59 or hours > 14 or (hours == 14 and minutes):
            return None
        offset = (hours * 60 + minutes) * (-60 if zone[0] == "-" else 60)
    return days * 86_400 + hour * 3_600 + minute * 60 + second - offset + fraction


def _plain(prefix: str) -> tuple[str, re.Pattern[bytes]]:
    moment = rb"([0-9]{4}-[0-9T:.-]{1,40}Z)"
    p = prefix.encode()
    return prefix, re.compile(
        b'<%s:Timestamp xmlns:%s="%s"(?: %s:Id="[A-Za-z0-9_.:-]{1,256}")?>' % (p, p, re.escape(WSU.encode()), p)
        + b"<%s:Created>%s</%s:Created>(?:<%s:Expires>%s</%s:Expires>)?</%s:Timestamp>"
        % (p, moment, p, p, moment, p, p)
    )


_PLAIN: Final = (_plain("wsu"), _plain("u"))  # nearly everybody; WCF


@frozen
class PlainTimestamp:
    """A wsu:Timestamp that came in its exclusive canonical form, ``octets``; its times in Unix seconds."""

    octets: bytes
    created: float
    expires: float | None


def read_plain_timestamp(timestamp: Element, data: bytes) -> PlainTimestamp | None:
    """Read a wsu:Timestamp of the commonest form from the message's own octets (see :mod:`esb.certs.verbatim`).

    Args:
        data: the message that it was parsed from, after :func:`esb.certs.verbatim.may_be_verbatim`.

    Returns:
        None for another form, lawful or not: :func:`read_timestamp` tells.
    """
    for prefix, form in _PLAIN:
        octets = verbatim(data, timestamp, prefix, "Timestamp", WSU)
        found = None if octets is None else form.fullmatch(octets)
        if octets is None or found is None:
            continue
        created = seconds(found.group(1).decode())
        until = found.group(2)
        expires = None if until is None else seconds(until.decode())
        if created is None or (until is not None and (expires is None or expires <= created)):
            return None
        return PlainTimestamp(octets, created, expires)
    return None


def read_timestamp(timestamp: Element) -> tuple[float, float | None]:
    """Return (created, expires) of a wsu:Timestamp in Unix seconds; ``expires`` is None when it states none.

    Raises:
        Refusal: TIM-01.
    """
    parts = children(timestamp, rules.TIM_ONE)
    tags = [part.tag for part in parts]
    if tags not in ([_CREATED], [_CREATED, _EXPIRES]):
        raise Refusal(rules.TIM_ONE, "A wsu:Timestamp holds one Created and then at most one Expires, nothing else.")
    times = []
    for part in parts:
        value = seconds(text_of(part, _LONGEST, rules.TIM_ONE, rules.TIM_ONE))
        if value is None:
            raise Refusal(
                rules.TIM_ONE,
                "A time in the wsu:Timestamp is not an xs:dateTime: write it like 2015-02-01T09:30:00Z.",
                {"element": "Created" if part.tag == _CREATED else "Expires"},
            )
        times.append(value)
    if len(times) == 1:
        return times[0], None
    if times[1] <= times[0]:
        raise Refusal(rules.TIM_ONE, "The wsu:Timestamp expires no later than it was created.")
    return times[0], times[1]
