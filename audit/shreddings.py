"""Were data keys destroyed by acts on record, each of them, and no sooner than their day was past?"""

from collections.abc import Mapping

from esb.audit.data_keys import DataKeys
from esb.audit.examine import Finding
from esb.audit.examine_bodies import Shredding, Tally
from esb.kernel.retention import day_text

_MICRO = 1_000_000


def shreddings(keys: DataKeys, tally: Tally) -> tuple[Mapping[str, frozenset[str]], list[Finding]]:
    """Hold the keys that are destroyed against the acts that the whole log holds.

    Returns:
        The UTC days on which keys were destroyed, by the last day of what they sealed; and what is wrong.

    Raises:
        StoreUnavailable: the keys cannot be read.
    """
    days: dict[str, frozenset[str]] = {}
    wrong = []
    try:
        for key in keys.all():
            if key.shredded is None:
                continue
            day = day_text(key.shredded / _MICRO)
            days[key.until] = days.get(key.until, frozenset()) | {day}
            if Shredding(key.id, key.until, key.shredded) not in tally.shreddings:
                wrong.append(Finding("a key of messages was destroyed without an act on record", f"data key {key.id}"))
            elif not key.until or day <= key.until:
                wrong.append(Finding("a key of messages was destroyed before its day", f"data key {key.id}"))
    finally:
        keys.close()
    wrong += [
        Finding("messages are gone, and no key of their day was destroyed", f"{count} records kept until {until}")
        for until, count in sorted(tally.expired.items())
        if until not in days
    ]
    return days, wrong
