"""Every repair to Spyne, in one place; take ``spyne`` from here.

Each repair names the defect of Spyne 2.14.0 that it mends.  Its test shows the defect on the plain library, and fails
once a release has mended it: then both can go.
"""

import logging
import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location, spec_from_loader
from math import isinf, isnan
from pathlib import Path
from typing import Any, Final

from esb.kernel.namespaces import SOAP_OVER_HTTP, XSI
from esb.kernel.xml import Element

_SIX: Final = "spyne.util.six"
_NIL: Final = f"{{{XSI}}}nil"
_TYPE: Final = f"{{{XSI}}}type"
_BLANK: Final = " \t\r\n"


def _load() -> Any:
    six = sys.modules.get(_SIX) or _mended_six()
    with warnings.catch_warnings():
        # It imports cgi, which Python 3.13 has no more: python_requires of this distribution stays below that.
        warnings.simplefilter("ignore", DeprecationWarning)
        module: Any = import_module("spyne")
        for name in ("const", "protocol.soap", "interface.wsdl", "server", "util"):
            import_module(f"spyne.{name}")
    module.util.six = six
    return module


def _mended_six() -> Any:
    """Spyne's own copy of six, whose importer lacks ``find_spec``: Python 3.12 asks for nothing else (PEP 451)."""
    package = find_spec("spyne")
    if package is None or not package.submodule_search_locations:
        raise ImportError("spyne is not installed")
    spec = spec_from_file_location(_SIX, Path(package.submodule_search_locations[0], "util", "six.py"))
    if spec is None or spec.loader is None:
        raise ImportError("spyne is not whole: spyne/util/six.py is missing")
    six: Any = module_from_spec(spec)
    sys.modules[_SIX] = six
    spec.loader.exec_module(six)
    importer = six._SixMetaPathImporter
    if not hasattr(importer, "find_spec"):

        def spec_of(self: Any, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            return spec_from_loader(name, self) if name in self.known_modules else None

        importer.find_spec = spec_of
        importer.create_module = lambda self, spec: self.load_module(spec.name)
        importer.exec_module = lambda self, module: None
    return six


spyne: Any = _load()

# Spyne logs whole documents, exceptions and faults by itself, where personal data must not go.
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

# Closing a context collects garbage, at most so often: every second by its default, which stops all threads each time.
spyne.const.MIN_GC_INTERVAL = float("inf")

_COLLAPSED: Final = (spyne.Boolean, spyne.Date, spyne.DateTime, spyne.Time, spyne.Duration)


class Protocol(spyne.protocol.soap.Soap11):  # type: ignore[misc]
    """Spyne's SOAP 1.1 protocol with its readings and writings of values set right."""

    def __init__(self) -> None:
        super().__init__(validator="soft", parse_xsi_type=False)
        self._to_unicode_handlers[spyne.Decimal] = _decimal_text
        self._to_unicode_handlers[spyne.Double] = _float_text
        self._to_unicode_handlers[spyne.Float] = _float_text

    def from_element(self, ctx: Any, cls: Any, element: Element) -> Any:
        """The value of an element.

        Spyne takes ``xsi:nil="false"`` for nil; refuses an empty string as none at all; does not collapse white space
        where XML Schema part 2 section 4.3.6 says so (it reads ``<b> true </b>`` as False); and lets ``xsi:type``
        choose any class that it knows: here only one derived from the declared one is taken, others are passed over.
        """
        if (element.get(_NIL) or "").strip(_BLANK) in ("false", "0"):
            del element.attrib[_NIL]
        if issubclass(cls, _COLLAPSED) and element.text:
            element.text = element.text.strip(_BLANK)
        elif issubclass(cls, spyne.Unicode) and element.text is None and _NIL not in element.attrib:
            element.text = ""
        derived = _derived(ctx, cls, element)
        return super().from_element(ctx, cls if derived is None else derived, element)


def _derived(ctx: Any, cls: Any, element: Element) -> Any:
    name = element.get(_TYPE)
    if name is None or not issubclass(cls, spyne.ComplexModel):
        return None
    prefix, _, local = name.strip(_BLANK).rpartition(":")
    chosen = ctx.app.interface.classes.get(f"{{{element.nsmap.get(prefix or None, '')}}}{local}")
    declared = cls.__orig__ or cls
    return chosen if chosen is not None and chosen is not declared and issubclass(chosen, declared) else None


def _decimal_text(_: Any, value: Any) -> str:
    """xs:decimal has no exponent, which Spyne writes for 1E+2 and 0E-8."""
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def _float_text(_: Any, value: float) -> str:
    """xs:double says INF and NaN where Spyne writes inf and nan."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(float(value))


class Transport(spyne.server.ServerBase):  # type: ignore[misc]
    """No transport at all; its name stands in the WSDL's binding, where Spyne's own would say ``noconn://null.spyne``."""

    transport = SOAP_OVER_HTTP
