"""Exchange ids: UUID version 7 (RFC 9562 section 5.7), so that ids sort by time."""


def uuid7(at: float, random: bytes) -> str:
    """Make an id.

    Args:
        at: Unix seconds; milliseconds of it stand in front.
        random: ten random bytes, given in.
    """
    tail = int.from_bytes(random[:10], "big")
    value = (int(at * 1000) & 0xFFFF_FFFF_FFFF) << 80 | 0x7000 << 64 | (tail >> 68) << 64
    value |= 0x2 << 62 | tail & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
