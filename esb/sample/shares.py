"""Sharing out a whole number by weights, to the last unit: the method of the largest remainder."""

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` units out in proportion to ``weights``; the shares are whole and sum to it exactly.

    Each gets its quota rounded down; the units left go to the largest remainders, of equal ones to the earlier (the
    method of Hamilton, or Hare-Niemeyer).  All in integers, so that it comes out alike everywhere.

    Args:
        total: 0 or more.
        weights: none negative, and not all 0 unless ``total`` is 0.

    Raises:
        ValueError: there is nothing to share by.
    """
    whole = sum(weights)
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("neither the total nor a weight may be negative")
    if whole == 0:
        if total:
            raise ValueError(f"{total} units cannot be shared out: no weight is above 0")
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def spread(total: int, places: int, least: int, most: int) -> list[int]:
    """Share ``total`` units out over ``places`` as unevenly as use of services is, within bounds.

    Everyone gets ``least``; the rest goes by Zipf's law (the k-th place has weight 1/k) with :func:`apportion`.  What a
    place would have above ``most`` goes on to those after it, by the same law among them.

    Returns:
        ``places`` numbers, falling, that sum to ``total``.

    Raises:
        ValueError: the bounds cannot be kept.
    """
    if not places * least <= total <= places * most:
        raise ValueError(f"{total} units cannot lie on {places} places with {least} to {most} on each")
    # 1/k as whole numbers: exact, so that no rounding of floats decides about a unit.
    scale = 1
    for place in range(1, places + 1):
        scale *= place
    shares: list[int] = []
    left = total
    while len(shares) < places:
        weights = [scale // place for place in range(len(shares) + 1, places + 1)]
        tail = [least + extra for extra in apportion(left - least * len(weights), weights)]
        if tail[0] <= most:
            return shares + tail
        shares.append(most)
        left -= most
    return shares
