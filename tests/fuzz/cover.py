"""How much of the program a corpus reaches: ``python -m fuzz.cover TARGET``, after a run of :mod:`fuzz.run`.

Lines of functions of the modules that a target is about, counted by the interpreter's own tracing: slow and exact.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from fuzz.catalogue import PLACES, get_target
from fuzz.mutate import inputs
from fuzz.run import home

_SIGNATURE: Final = tuple(
    f"esb.certs.{name}"
    for name in (
        "verify", "signed_info", "plain_info", "references", "keyinfo", "security", "walk", "canonical", "timestamp",
        "value",
    )
)  # fmt: skip
MODULES: Final = {
    "xml": ("esb.kernel.xml", "esb.kernel.soap"),
    "xml-words": ("esb.kernel.xml", "esb.kernel.soap"),
    "http-in": tuple(f"esb.transport.{name}" for name in ("framing", "requests", "chunks", "bodies", "connection")),
    "http-out": ("esb.transport.answers", "esb.transport.bodies", "esb.transport.inflate"),
    "signature-octets": _SIGNATURE,
    "signature-tree": _SIGNATURE,
    "way": ("esb.stages.receive", "esb.stages.parse", "esb.stages.authenticate", "esb.stages.authorize", "esb.bus"),
    "leaf": ("esb.audit.leaf",),
    "text": ("esb.kernel.names", "esb.certs.names", "esb.certs.timestamp"),
    "certificate": ("esb.certs.index",),
    "settings": ("esb.conf.load", "esb.conf.kinds", "esb.conf.place_kinds", "esb.conf.lines"),
    "wsdl": ("esb.wsdl.read", "esb.wsdl.interface", "esb.wsdl.operations", "esb.wsdl.closure", "esb.wsdl.flatten"),
    "xsd": ("esb.schemas.arrange", "esb.schemas.relax", "esb.schemas.content", "esb.schemas.patterns"),
}
_PLAIN: Final = 3_000  # inputs of the plain engine that are added to the corpus


def lines_of(module: ModuleType) -> set[int]:
    """The lines that its functions have; what runs at import is left out."""
    source = Path(module.__file__ or "").read_text("utf-8")
    return {line for inner in _functions(compile(source, module.__file__ or "", "exec")) for line in _own(inner)}


def _functions(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 0x02:  # CO_NEWLOCALS: a function, not a class body
                yield constant
            yield from _functions(constant)


def _own(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line and line != code.co_firstlineno)


def reached(name: str, folder: Path) -> dict[str, tuple[int, int]]:
    """By module: lines reached, and all lines."""
    target = get_target(name)
    modules = [importlib.import_module(module) for module in MODULES[name]]
    hits: dict[str, set[int]] = {module.__file__ or "": set() for module in modules}

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            hits[frame.f_code.co_filename].add(frame.f_lineno)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        return local if frame.f_code.co_filename in hits else None

    corpus = sorted((folder / name / "corpus").glob("*"))
    sys.settrace(trace)
    try:
        for data in (*(path.read_bytes() for path in corpus), *inputs(target, _PLAIN, 1)):
            target.one(data)
    finally:
        sys.settrace(None)
    found = {}
    for module in modules:
        lines = lines_of(module)
        found[module.__name__] = len(lines & hits[module.__file__ or ""]), len(lines)
    return found


def main() -> None:
    """Print it for the targets named, or for all."""
    for name in sys.argv[1:] or PLACES:
        for module, (hit, whole) in reached(name, home()).items():
            print(f"{name:17} {module:28} {hit:>4} of {whole:>4} lines  {100 * hit // max(1, whole):>3} %")


if __name__ == "__main__":
    main()
