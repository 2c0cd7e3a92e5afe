"""The schema that the bus publishes for its own headers and fault details, to hold what it writes against."""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

import esb.schemas


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(Path(esb.schemas.__file__).parent / "xsd" / "exchange.xsd"))


def breaks_own_schema(element: Any) -> str:
    """What in an ``exch:`` element breaks the schema, "" when nothing does."""
    schema = _schema()
    return "" if schema.validate(etree.fromstring(etree.tostring(element))) else str(schema.error_log)
