"""Frozen values that are cheap to make.

A message becomes some forty values on its way.  A frozen dataclass assigns each field through ``object.__setattr__``,
which takes three times as long as what is made here: some 40 us an exchange (docs/adr/0007).  Here the fields are
assigned while the value still is of an open class of the same layout, and then it becomes what it is.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """Make a slotted frozen dataclass, for what is made with every message.

    It is one in all but that it cannot be copied or pickled; ``dataclasses.replace`` makes a changed one.

    Raises:
        TypeError: a field has a ``default_factory``, or is not an argument: use a dataclass for that.
    """
    made = dataclass(frozen=True, slots=True, init=False)(cls)
    names: dict[str, Any] = {"_new": object.__new__}
    parameters, assignments = [], []
    for field in fields(made):  # type: ignore[arg-type]  # it has just become a dataclass
        if field.default_factory is not MISSING or not field.init or field.kw_only:
            raise TypeError(f"{cls.__name__}.{field.name} is more than a frozen field can be: use a dataclass")
        default = ""
        if field.default is not MISSING:
            names[f"_default_{field.name}"] = field.default
            default = f"=_default_{field.name}"
        parameters.append(field.name + default)
        assignments.append(f"    self.{field.name} = {field.name}")
    names["_Open"] = type("_Open", (), {"__slots__": tuple(field.name for field in fields(made))})  # type: ignore[arg-type]
    source = (
        f"def __new__(cls, {', '.join(parameters)}):",
        "    self = _new(_Open)",
        *assignments,
        "    self.__class__ = cls",
        "    return self",
    )
    exec("\n".join(source), names)  # noqa: S102  # names of fields alone, as in dataclasses itself
    made.__new__ = names["__new__"]  # type: ignore[method-assign]
    return made
