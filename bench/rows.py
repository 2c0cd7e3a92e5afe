"""Bodies of a wanted size, valid against bench/contract.wsdl."""

_ROW = '<b:row n="{n}"><b:fin>5ABC{n:03d}</b:fin><b:surname>Məmmədova</b:surname><b:born>1990-05-12</b:born></b:row>'


def content(local: str, size: int) -> bytes:
    """``b:Ask`` or ``b:Answer`` of about ``size`` bytes."""
    rows: list[str] = []
    length = 60
    while length < size:
        rows.append(_ROW.format(n=len(rows) % 1000))
        length += len(rows[-1].encode())
    return f'<b:{local} xmlns:b="urn:bench">{"".join(rows)}</b:{local}>'.encode()
