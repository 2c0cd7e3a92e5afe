"""What operators give to the bus: settings, WSDLs and XSDs.  Each is read, or refused by a reasoned error."""

import copy
import resource
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from fuzz.dice import Dice
from fuzz.target import Found, Target
from lxml import etree

from esb.conf.load import default_text, load
from esb.conf.problems import ConfigError
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.schemas.child import ChildLimits, trial
from esb.wsdl.publish import publish_wsdl
from esb.wsdl.read import read_contract
from esb.wsdl.refuse import ContractRefused

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_CONTRACTS: Final = Path(__file__).parents[1] / "support" / "contracts"
_SERVICE: Final = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")


@cache
def _folder() -> Path:
    """A folder with the documents that the WSDLs refer to; gone when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="shluz-fuzz-")
    _KEPT.append(folder)
    for path in _CONTRACTS.glob("*.xsd"):
        shutil.copy(path, folder.name)
    return Path(folder.name)


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []


def settings(data: bytes) -> None:
    """A file of settings; the first octet says whether one line of it comes from the environment instead."""
    path = _folder() / "esb.toml"
    path.write_bytes(data[1:])
    environ = {}
    if data[:1] > b"\x80":
        name, _, value = data[1:].partition(b"=")
        text = name.decode("utf-8", "replace").strip().upper().replace("\0", "")
        environ = {f"SHLUZ_{text}": value.decode("utf-8", "surrogateescape").replace("\0", "")}
    try:
        loaded = load(_folder(), environ, path)
    except ConfigError as error:
        if not error.problems or any(not problem.key for problem in error.problems):
            raise Found("settings are refused without a reason", data) from error
        return
    if not 0 <= loaded.settings.door.port <= 65_535:
        raise Found("a port that is none", data)


def wsdl(data: bytes) -> None:
    """A WSDL whose tree the dice change, or octets of one."""
    dice = Dice(data)
    octets = _changed(dice, dice.pick(_wsdls()))
    path = _folder() / "service.wsdl"
    path.write_bytes(octets)
    try:
        contract = read_contract(path)
    except ContractRefused as error:
        _expect_reasons(str(error), octets)
        return
    etree.fromstring(publish_wsdl(contract, _SERVICE, f"http://bus.test{_SERVICE.path}"))


def xsd(data: bytes) -> None:
    """A schema whose tree the dice change, tried as the child process of a registration tries it."""
    dice = Dice(data)
    octets = _changed(dice, dice.pick(_xsds()))
    contract = Contract({"a.xsd": octets}, "s.wsdl", ("a.xsd",), "urn:a", "S", "P", (), {}, frozenset(), "")
    # The process itself stands under limits when a million are tried; libxml2's own hunger ends here as well.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind, text in trial(contract, _LIMITS):
        if kind not in ("stage", "problem", "note") or not text:
            raise Found(f"the trial said {kind}", octets)
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > 400_000:
        raise Found("a schema took more than 400 MB", octets)


def _expect_reasons(text: str, octets: bytes) -> None:
    if not text.strip() or any(ord(each) < 32 and each != "\n" for each in text):
        raise Found("it is refused without a reason, or with control characters", octets)


def _changed(dice: Dice, octets: bytes) -> bytes:
    root = etree.fromstring(octets, etree.XMLParser(remove_blank_text=True))
    for _ in range(1 + dice.below(5)):
        elements = list(root.iter(etree.Element))
        one, other = dice.pick(elements), dice.pick(elements)
        parent = one.getparent()
        match dice.below(9):
            case 0 if parent is not None:
                parent.remove(one)
            case 1 if parent is not None:
                parent.insert(dice.below(len(parent) + 1), copy.deepcopy(one))
            case 2 | 3:
                other.insert(dice.below(len(other) + 1), copy.deepcopy(one))
            case 4:
                one.tag = dice.pick([each.tag for each in elements])
            case 5 | 6:
                values = [value for each in elements for value in each.attrib.values()]
                one.set(_name(one, dice), dice.pick((*VALUES, *values)))
            case 7 if one.attrib:
                del one.attrib[dice.pick(list(one.attrib))]
            case _:
                one.append(etree.Element(f"{{{_XS}}}{dice.pick(XSD_ELEMENTS)}"))
        if not dice:
            break
    text = etree.tostring(root)
    if not dice.below(8):
        at = dice.below(len(text))
        text = text[:at] + dice.octets(6) + text[at:]
    return text


def _name(one: Any, dice: Dice) -> str:
    names = list(one.attrib)
    return dice.pick(names) if names and dice.below(3) else dice.pick(XSD_ATTRIBUTES)


_LIMITS: Final = ChildLimits()
XSD_ELEMENTS: Final = (
    "element", "complexType", "simpleType", "sequence", "choice", "all", "group", "attribute", "attributeGroup", "any",
    "anyAttribute", "restriction", "extension", "complexContent", "simpleContent", "union", "list", "key", "keyref",
    "unique", "selector", "field", "import", "include", "redefine", "override", "assert", "annotation", "notation",
    "pattern", "enumeration", "maxLength", "minInclusive", "totalDigits", "whiteSpace", "schema",
)  # fmt: skip
XSD_ATTRIBUTES: Final = (
    "name", "type", "ref", "base", "minOccurs", "maxOccurs", "use", "default", "fixed", "value", "namespace", "element",
    "schemaLocation", "targetNamespace", "mixed", "abstract", "substitutionGroup", "nillable", "form",
    "processContents",
    "memberTypes", "itemType", "final", "block", "message", "binding", "location", "style", "part", "parts", "xpath",
)  # fmt: skip
VALUES: Final = (
    "", "x", "xs:int", "xs:string", "xs:anyType", "xs:NOTATION", "a:b", "tns:x", "0", "1", "unbounded", "99999999999",
    "-1", "true", "required", "prohibited", "##any", "##other", "(a|b)*c", "(a+)+$", "[", "\\p{IsGreek}", ".{0,9999}",
    "http://127.0.0.1:9/x.xsd", "file:///etc/passwd", "../x.xsd", "urn:a", _XS, "lax", "qualified", ".//x", "x" * 200,
)  # fmt: skip


@cache
def _wsdls() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(_CONTRACTS.glob("*.wsdl")))


@cache
def _xsds() -> tuple[bytes, ...]:
    alone = (path.read_bytes() for path in sorted(_CONTRACTS.glob("*.xsd")))
    inside = (
        etree.tostring(schema)
        for text in _wsdls()
        for schema in etree.fromstring(text).iter(f"{{{_XS}}}schema")
        if len(schema)
    )
    return (*alone, *inside)


def _settings_seeds() -> list[bytes]:
    lines = [line.strip("# ") for line in default_text().splitlines() if " = " in line]
    sections = default_text().split("\n[")
    parts = [f"[{section}".encode()[:600] for section in sections[1:]]
    pairs = [b"\xff" + f"{line.replace(' = ', '=', 1)}".encode() for line in lines[:40]]
    return [b"\x00" + default_text().encode()[:4000], *(b"\x00" + part for part in parts), *pairs]


def _programs() -> list[bytes]:
    return [
        bytes((base, 0, a, b, kind, 3, 4, 5)) for base in range(6) for a, b in ((1, 4), (9, 2)) for kind in range(9)
    ]


_SETTINGS_WORDS = (b"[door]\n", b"port = ", b"=", b"[", b"]", b'"', b"'''", b"\n", b"{", b"}", b"-1", b"1e400", b"nan",
                   b"1979-05-27", b"true", b"[[door]]", b"\\u0000", b"\\", b"file:", b"postgresql://u:p@h/d", b"0x",
                   b"_", b"door.port=", b"#", b"99999999999999999999")  # fmt: skip

SETTINGS = Target("settings", settings, _settings_seeds, _SETTINGS_WORDS, longest=4096)
WSDLS = Target("wsdl", wsdl, _programs, (), longest=80)
XSDS = Target("xsd", xsd, _programs, (), longest=80)
