"""Vendor fences: each library is spoken to in its own rooms alone, so that its ways stay there."""

import ast
from collections.abc import Iterator

import pytest

_ENDPOINTS = ("esb/endpoints/", "esb/demo/")
_TWISTED = (
    "esb/transport/",
    "esb/bus.py",
    "esb/waiting.py",
    "esb/server.py",
    "esb/witnessing.py",
    "esb/worker.py",
    "esb/wiring.py",
    "adapters/",
    "esb/sample/provider.py",
    *_ENDPOINTS,
    "bench/naive.py",
)
# What the bus is measured against is written as others would write it, and its load must cost little.
_BENCH = "bench/"
FENCES = {
    "twisted": _TWISTED,
    "httptools": ("esb/transport/",),
    "OpenSSL": ("esb/transport/",),
    "service_identity": ("esb/transport/",),
    "spyne": ("adapters/hosted/", "esb/demo/", "bench/naive.py"),
    "sqlalchemy": ("registry/", "audit/", _BENCH),
    "alembic": ("registry/",),
    "psycopg": ("registry/", "audit/", _BENCH),
    "sqlite3": ("registry/", "audit/", "esb/demo/", _BENCH),
    "xmlsec": ("certs/", "esb/demo/"),
    "signxml": ("certs/", "esb/demo/", "bench/naive.py"),
    "cryptography": (
        "certs/",
        "audit/notes.py",
        "audit/seal.py",
        "esb/kernel/directory.py",
        "esb/admin/",
        "esb/transport/tls.py",
        "esb/own.py",
        "esb/postal.py",
        "esb/demo/",
        _BENCH,
    ),
    # A private key in a device is spoken to by what signs, and by nothing else.
    "pkcs11": ("certs/",),
    "asn1crypto": ("certs/",),
    "lxml": ("esb/kernel/", "certs/", "schemas/", "wsdl/", "esb/stages/", "adapters/hosted/", "esb/demo/", _BENCH),
    # Pages of extracts are written by one module; whoever verifies one reads no PDF.
    "fpdf": ("esb/admin/extract_pages.py",),
    "fontTools": ("esb/admin/extract_pages.py",),
    "segno": ("esb/admin/extract_pages.py",),
    # Parquet is one form of an export, and the library is not installed everywhere.
    "pyarrow": ("esb/admin/log_export.py",),
    "zeep": ("wsdl/", "esb/demo/", "bench/naive.py"),
    "xmlschema": ("schemas/",),
    "structlog": ("esb/logs.py",),
    "click": ("esb/cli/", "bench/month/command.py"),
    # XML is parsed in one place, and not by these.
    "xml": (),
    "defusedxml": (),
    "xmltodict": (),
    "bs4": (),
    # There is one reactor, and one way out to the network.
    "asyncio": (_BENCH,),
    "requests": (),
    # Data that can run.
    "pickle": (),
    "marshal": (),
    "shelve": (),
}
# What may be named outside the fence: a handle that is only handed on, and the writing (not reading) of markup.
HANDLES = {"sqlalchemy.Engine", "xml.sax.saxutils.escape", "xml.sax.saxutils.quoteattr"}

_PARSING = {
    "HTML", "HTMLParser", "XML", "XMLDTDID", "XMLID", "XMLParser", "XMLPullParser", "XMLSchema", "XSLT", "DTD",
    "RelaxNG", "Schematron", "fromstring", "fromstringlist", "iterparse", "parse", "parseid", "XInclude",
    "ETCompatXMLParser",
}  # fmt: skip


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every imported name in full, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module or ''}.{alias.name}", node.lineno) for alias in node.names)


@pytest.fixture(scope="module")
def imports(trees: dict[str, ast.Module]) -> dict[str, list[tuple[str, int]]]:
    """What each module imports."""
    return {path: list(imported(tree)) for path, tree in trees.items()}


@pytest.mark.parametrize("vendor", FENCES)
def test_a_library_stays_inside_its_fence(vendor: str, imports: dict[str, list[tuple[str, int]]]) -> None:
    outside = [
        f"{path}:{line} imports {name}"
        for path, names in imports.items()
        if not path.startswith(FENCES[vendor])
        for name, line in names
        if name.partition(".")[0] == vendor and name not in HANDLES
    ]
    assert not outside, "\n".join(outside)


# What the bus is compared with must not lean on the bus's own parser.
_YARDSTICKS = ("bench/floor.py", "bench/naive.py")


def test_lxml_parses_in_one_module_alone(trees: dict[str, ast.Module]) -> None:
    outside = [
        f"{path}:{line} uses {name}"
        for path, tree in trees.items()
        if path not in ("esb/kernel/xml.py", *_YARDSTICKS)
        for name, line in [*_parsing_uses(tree), *_odd_lxml(tree)]
    ]
    assert not outside, "\n".join(outside)


def _parsing_uses(tree: ast.Module) -> Iterator[tuple[str, int]]:
    # A class named in an annotation parses nothing; the same name anywhere else does, or will.
    annotations = {
        id(inner)
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(annotation, ast.AST)
        for inner in ast.walk(annotation)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _PARSING and id(node) not in annotations:
            owner = node.value
            if (isinstance(owner, ast.Name) and owner.id == "etree") or (
                isinstance(owner, ast.Attribute) and owner.attr == "etree"
            ):
                yield f"etree.{node.attr}", node.lineno


def _odd_lxml(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for name, line in imported(tree):
        if name.startswith("lxml.") and (name.split(".")[1] != "etree" or name.rpartition(".")[2] in _PARSING):
            yield name, line
    for node in ast.walk(tree):
        # Under another name the walk above would not see it.
        if isinstance(node, ast.ImportFrom | ast.Import):
            for alias in node.names:
                if alias.name in ("etree", "lxml.etree") and alias.asname not in (None, "etree"):
                    yield f"{alias.name} as {alias.asname}", node.lineno


def test_imports_name_the_one_installed_package(trees: dict[str, ast.Module]) -> None:
    rooms = {"adapters", "audit", "bench", "certs", "conf", "registry", "routing", "schemas", "wsdl"}
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.level > 0 or (node.module or "").split(".")[0] in rooms))
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] in rooms for alias in node.names))
    ]
    assert wrong == []
