"""JSON in the one form of RFC 8785 (JCS), so that equal values have equal octets, and a digest means the value."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final

_LARGEST: Final = 2**53  # RFC 8785 section 3.2.2.3: a larger whole number is not the same for every reader


class NotCanonical(ValueError):
    """The value has no canonical form; the text says why, without the value."""


def canonical_json(value: object) -> bytes:
    """Write a value of None, bool, int, float, str, sequences and mappings with text keys in its one form, UTF-8.

    Raises:
        NotCanonical: a number that is not finite or, whole, beyond 2^53; a lone surrogate; a value of another type.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a text holds a lone surrogate") from error
    except RecursionError as error:
        raise NotCanonical("the value is nested too deep") from error


def _text(value: object) -> str:
    # A hundred thousand of these are written when an old registry is put on record: the plain types come first.
    kind = type(value)
    if kind is str:
        return encode_basestring(value)  # type: ignore[arg-type]
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, dict | Mapping):
        return _object(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise NotCanonical("a whole number is beyond 2^53: write it as a text")
        return str(int(value))
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return f"[{','.join([_text(each) for each in value])}]"
    raise NotCanonical(f"a value of the type {kind.__name__} is no JSON")


def _object(value: Mapping[object, object]) -> str:
    if not all([isinstance(key, str) for key in value]):
        raise NotCanonical("a key is no text")
    # Of ASCII, code points and UTF-16 code units have the same order.
    keys = sorted(value) if "".join(value).isascii() else sorted(value, key=_order)  # type: ignore[arg-type,type-var]
    return f"{{{','.join([f'{encode_basestring(str(key))}:{_text(value[key])}' for key in keys])}}}"


def _order(key: object) -> bytes:
    """RFC 8785 section 3.2.3: in the order of UTF-16 code units, which beyond the first plane is another."""
    return str(key).encode("utf-16-be", "surrogatepass")


def number_text(number: float) -> str:
    """Write a number as ECMAScript's Number::toString does (ECMA-262 section 6.1.6.1.20).

    Raises:
        NotCanonical: it is not finite.
    """
    if not math.isfinite(number):
        raise NotCanonical("a number is not finite")
    if number == 0:
        return "0"
    if number.is_integer() and abs(number) <= _LARGEST:
        return str(int(number))
    # Python's repr finds the same shortest digits, and writes them otherwise.
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)  # how many digits stand before the point
    minus = "-" if sign else ""
    if len(text) <= point <= 21:
        return minus + text + "0" * (point - len(text))
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    power = f"e{point - 1:+d}"
    return minus + text[0] + (f".{text[1:]}" if len(text) > 1 else "") + power
