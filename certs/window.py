"""Is a message's Timestamp current?  Its structure is read in ``timestamp.py``; this needs to know the time."""

from esb.kernel import rules
from esb.kernel.faults import Refusal


def check_window(created: float, expires: float | None, now: float, window: float, skew: float) -> None:
    """Say whether a message is neither too old nor from the future.

    ``created`` decides: a message lives ``window`` seconds whatever its Expires says, so an endless lifetime gains
    nothing and the replay check need not look further back.  Expires may only shorten that.

    Args:
        created, expires, now: Unix seconds; ``expires`` is None when the message states none.
        window: seconds that a message lives after ``created``.
        skew: seconds that two clocks may differ, in favour of the sender at both ends.

    Raises:
        Refusal: TIM-02 when it is too old, TIM-03 when it comes from the future.
    """
    if created > now + skew:
        raise Refusal(
            rules.TIM_FUTURE,
            "The message was created in the future: set the sender's clock.",
            {"ahead": str(int(created - now)), "allowed": str(int(skew))},
        )
    if now > created + window + skew:
        raise Refusal(
            rules.TIM_OLD,
            "The message is too old: send it sooner after signing, or set the sender's clock.",
            {"age": str(int(now - created)), "allowed": str(int(window))},
        )
    if expires is not None and now >= expires + skew:
        raise Refusal(
            rules.TIM_OLD,
            "The message has expired by its own Expires: send it sooner after signing.",
            {"expired": str(int(now - expires))},
        )
