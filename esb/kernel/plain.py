"""Frozen values as plain JSON values and back, by the types that their fields declare.

One place for all of them, so that a field which is added to a value of the directory travels with it by itself.  What
is read is held to the types: a field that is missing, unknown or of another type is refused, never guessed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from esb.kernel.faults import EsbError
from esb.kernel.names import NameInvalid, ServiceId

T = TypeVar("T")


class NotPlain(EsbError):
    """A plain value is not what the type says; the text names the field."""


def to_plain(value: object) -> Any:
    """The plain form of a dataclass: enums by value, sets in order, no field that is None."""
    kind: Any = type(value)
    return _writer(kind)(value)


def from_plain(kind: type[T], plain: object) -> T:
    """The value of which ``plain`` is the plain form.

    Raises:
        NotPlain: it is the plain form of none.
    """
    wanted: Any = kind
    found: T = _reader(wanted)(plain, kind.__name__)
    return found


def read_json(octets: bytes) -> Any:
    """Read JSON in which no key stands twice and no number is infinite or NaN (RFC 7493).

    Raises:
        NotPlain: it is not that.
    """
    try:
        return json.loads(octets.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NotPlain("the document is not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _same(value: Any) -> Any:
    return value


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    if kind in (str, int, bool, float):
        return _same
    inner = _optional(kind)
    if inner is not None:
        write = _writer(inner)
        return lambda value: None if value is None else write(value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is frozenset:
        return sorted
    if origin is tuple:
        each = _writer(arguments[0])
        return lambda value: [each(one) for one in value]
    if origin is Mapping:
        each = _writer(arguments[1])
        return lambda value: {key: each(one) for key, one in value.items()}
    if kind is ServiceId:
        return lambda value: value.text
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        parts = [(field.name, _writer(hints[field.name])) for field in fields(kind)]

        def write_fields(value: Any) -> dict[str, Any]:
            plain = {}
            for name, write in parts:
                one = getattr(value, name)
                if one is not None:
                    plain[name] = write(one)
            return plain

        return write_fields
    raise TypeError(f"{kind} has no plain form")


@cache
def _reader(kind: Any) -> Callable[[Any, str], Any]:
    if kind in (str, int, bool):
        return _exactly(kind)
    if kind is float:
        return _read_float
    inner = _optional(kind)
    if inner is not None:
        read = _reader(inner)
        return lambda plain, where: None if plain is None else read(plain, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is frozenset:
        return _read_set
    if origin is tuple:
        each = _reader(arguments[0])
        return lambda plain, where: tuple(each(one, where) for one in _listed(plain, where))
    if origin is Mapping:
        each = _reader(arguments[1])
        return lambda plain, where: MappingProxyType(
            {key: each(one, where) for key, one in _keyed(plain, where).items()}
        )
    if kind is ServiceId:
        return _read_service
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _named(kind)
    if is_dataclass(kind):
        return _fields_reader(kind)
    raise TypeError(f"{kind} has no plain form")


def _optional(kind: Any) -> Any:
    """What ``X | None`` is besides None; None for every other type."""
    if get_origin(kind) in (UnionType, Union):
        others = [each for each in get_args(kind) if each is not NoneType]
        if len(others) == 1:
            return others[0]
    return None


def _fields_reader(kind: Any) -> Callable[[Any, str], Any]:
    hints = get_type_hints(kind)
    parts = [(field, _reader(hints[field.name]), _optional(hints[field.name]) is not None) for field in fields(kind)]
    names = {field.name for field, _, _ in parts}

    def read(plain: Any, where: str) -> Any:
        given = _keyed(plain, where)
        for name in given:
            if name not in names:
                raise NotPlain(
                    f"{where}.{str(name)[:40]} is unknown here: the document was written by a newer version of the "
                    "program; bring this one up to date first"
                )
        values = {}
        for field, read_one, optional in parts:
            if field.name in given:
                values[field.name] = read_one(given[field.name], f"{where}.{field.name}")
            elif optional:
                values[field.name] = None
            elif field.default is MISSING and field.default_factory is MISSING:
                raise NotPlain(f"{where}.{field.name} is missing")
        return kind(**values)

    return read


def _exactly(kind: type) -> Callable[[Any, str], Any]:
    def read(plain: Any, where: str) -> Any:
        if type(plain) is not kind:
            raise NotPlain(f"{where} is not of type {kind.__name__}")
        return plain

    return read


def _read_float(plain: Any, where: str) -> float:
    if type(plain) not in (int, float):
        raise NotPlain(f"{where} is not a number")
    return float(plain)


def _read_set(plain: Any, where: str) -> frozenset[str]:
    found = _listed(plain, where)
    if any(type(one) is not str for one in found):
        raise NotPlain(f"{where} is not a list of texts")
    return frozenset(found)


def _read_service(plain: Any, where: str) -> ServiceId:
    try:
        return ServiceId.parse(_exactly(str)(plain, where))
    except NameInvalid:
        raise NotPlain(f"{where} is not a service's name") from None


def _named(kind: type[Enum]) -> Callable[[Any, str], Any]:
    by_value = {each.value: each for each in kind}

    def read(plain: Any, where: str) -> Any:
        if type(plain) is not str or plain not in by_value:
            raise NotPlain(f"{where} is none of {', '.join(str(each) for each in by_value)}")
        return by_value[plain]

    return read


def _listed(plain: Any, where: str) -> list[Any]:
    if type(plain) is not list:
        raise NotPlain(f"{where} is not a list")
    return plain


def _keyed(plain: Any, where: str) -> dict[str, Any]:
    if type(plain) is not dict:
        raise NotPlain(f"{where} is not an object")
    return plain
