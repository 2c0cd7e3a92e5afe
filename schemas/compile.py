"""Compiling a contract's schemas into a judge, in this process."""

import re
from typing import Final

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.xml import SchemaInvalid, compile_schema
from esb.schemas.arrange import BASE, MAIN, Arrangement, Unfit, arrange
from esb.schemas.judge import Judge
from esb.schemas.slowness import slowness
from esb.schemas.vocabulary import vocabulary

_LOCATION: Final = re.compile(rb'schemaLocation="([^"]+)"')


def compile_judge(contract: Contract) -> Judge:
    """Compile a contract that :func:`esb.schemas.check.check_contract` found fit.

    Blocking (a few milliseconds; seconds for very large families) and unbounded in memory: for a contract that has
    not been checked, use the check first.

    Raises:
        Unfit: the schemas do not compile; its problems say where and why.
    """
    arrangement = arrange(contract)
    return Judge(compile_arrangement(arrangement), vocabulary(arrangement.parts), slowness(arrangement.parts))


def compile_arrangement(arrangement: Arrangement) -> etree.XMLSchema:
    """Compile an arrangement with libxml2.

    Raises:
        Unfit: with the provider's document and line where libxml2 tells them.
        MemoryError: libxml2 ran out of memory.
    """
    try:
        expected = {BASE + name for name in _referred(arrangement)}
        return compile_schema(arrangement.documents[MAIN], BASE + MAIN, arrangement.fetch, expected)
    except SchemaInvalid as problem:
        raise Unfit(_problems(problem, arrangement)) from None


def _referred(arrangement: Arrangement) -> set[str]:
    """Names of the documents that libxml2 has to ask for, beginning at the main one."""
    found: set[str] = set()
    waiting = [MAIN]
    while waiting:
        locations = _LOCATION.findall(arrangement.documents[waiting.pop()])
        fresh = {name for each in locations if (name := each.decode()) in arrangement.documents} - found
        found |= fresh
        waiting += fresh
    return found


def _problems(problem: SchemaInvalid, arrangement: Arrangement) -> tuple[str, ...]:
    """What libxml2 said of a failed compilation, each with the provider's document and line."""
    if any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in problem.errors):
        raise MemoryError
    errors = [entry for entry in problem.errors if entry.level >= etree.ErrorLevels.ERROR]
    # One cause can bring many errors after it; the first ones say what to mend.
    return tuple(
        f"{arrangement.origin(entry.filename or '')}, line {entry.line}: {entry.message}" for entry in errors[:10]
    ) or (str(problem),)
