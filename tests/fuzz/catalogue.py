"""All fuzz targets, by name.  Each is imported when it is asked for, so that an engine can instrument what it tries."""

import importlib
from typing import Final

from fuzz.target import Target

PLACES: Final = {
    "xml": ("xml_door", "OCTETS"),
    "xml-words": ("xml_door", "TOKENS"),
    "http-in": ("http_in", "TARGET"),
    "http-out": ("http_out", "TARGET"),
    "signature-octets": ("signature", "OCTETS"),
    "signature-tree": ("signature", "STRUCTURE"),
    "way": ("way", "TARGET"),
    "leaf": ("texts", "LEAF"),
    "text": ("texts", "TEXT"),
    "certificate": ("texts", "CERTIFICATE"),
    "settings": ("documents", "SETTINGS"),
    "wsdl": ("documents", "WSDLS"),
    "xsd": ("documents", "XSDS"),
}


def get_target(name: str) -> Target:
    """The target of a name; KeyError when there is none."""
    module, attribute = PLACES[name]
    found = getattr(importlib.import_module(f"fuzz.{module}"), attribute)
    assert isinstance(found, Target)
    return found
