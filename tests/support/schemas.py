"""Random schemas, small changes of them, and documents that come near to them: to try a comparison of contracts by.

A schema is plain nested dictionaries, so that a change is an edit; nothing of the bus's own is used to read them.
"""

import copy
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from esb.kernel.contract import Contract
from esb.kernel.xml import Element, parse_document
from esb.wsdl.read import read_contract

Tree = dict[str, Any]

NAMES = ("a", "b", "c", "d", "e")
BASES = ("string", "token", "int", "long", "short", "decimal", "positiveInteger", "date", "boolean", "unsignedByte")
TEXTS = (
    "", "1", "12", "-5", "0", "300", "70000", "3000000000", "1.5", "1.25", " 7 ", "abc", "ABC", "a b", " x ", "true",
    "2026-01-15", "2020-02-02", "red", "green", "blue", "abcdefgh", "0012",
)  # fmt: skip
PATTERNS = ("[a-z]*", "[A-Z]+", "[0-9]{1,3}", ".*")


def random_schema(random: Random) -> Tree:
    """A schema: a message's type, two named types of which one may derive from the other, and a substitution group."""
    return {
        "qualified": random.random() < 0.7,
        "message": _complex(random, 2),
        "base": _complex(random, 1, plain=True),
        "derived": [_complex(random, 1, plain=True)] if random.random() < 0.5 else [],
        "head": _simple(random),
        "members": random.sample(["m1", "m2"], random.randint(0, 2)),
        "abstract": random.random() < 0.2,
    }


def _complex(random: Random, depth: int, plain: bool = False) -> Tree:
    if not plain and random.random() < 0.15:
        return {"kind": "text", "value": _simple(random), "attributes": _attributes(random), "open": False}
    return {
        "kind": "elements",
        "mixed": random.random() < 0.1,
        "model": _group(random, depth, {"sequence"} if plain else {"sequence", "choice", "all"}),
        "attributes": _attributes(random),
        "open": random.random() < 0.1,
    }


def _attributes(random: Random) -> list[Tree]:
    return [_attribute(random, name) for name in random.sample(["x", "y"], random.choice([0, 0, 1, 2]))]


def _attribute(random: Random, name: str) -> Tree:
    use = random.choice(["optional", "required"])
    return {"name": name, "use": use, "value": _simple(random), "fixed": random.random() < 0.1}


def _group(random: Random, depth: int, kinds: set[str]) -> Tree:
    kind = random.choice(sorted(kinds))
    names = random.sample(NAMES, random.randint(1, 3))
    inside = [_element(random, name, depth - 1, kind == "all") for name in names]
    if kind != "all" and random.random() < 0.25:
        inside.insert(random.randrange(len(inside) + 1), _group(random, depth - 1, {"sequence", "choice"}))
    if kind == "sequence" and random.random() < 0.2:
        inside.append(_wildcard(random))
    if kind != "all" and random.random() < 0.15:
        inside.append({"kind": "head", "occurs": _occurs(random)})
    return {"kind": kind, "inside": inside, "occurs": (random.randint(0, 1), 1) if kind == "all" else _occurs(random)}


def _wildcard(random: Random) -> Tree:
    namespace = random.choice(["##other", "##other", "##any", "##local"])
    return {"kind": "any", "namespace": namespace, "process": random.choice(["lax", "skip", "strict"]),
            "occurs": random.choice([(0, 1), (0, None)])}  # fmt: skip


def _occurs(random: Random, once: bool = False) -> tuple[int, int | None]:
    if once:
        return random.randint(0, 1), 1
    return random.choice([(1, 1), (1, 1), (0, 1), (0, 1), (0, None), (1, None), (2, 3), (0, 2)])


def _element(random: Random, name: str, depth: int, once: bool = False) -> Tree:
    roll = random.random()
    kind: Any = _complex(random, depth) if depth > 0 and roll < 0.3 else "base" if roll < 0.45 else _simple(random)
    return {
        "kind": "element",
        "name": name,
        "type": kind,
        "occurs": _occurs(random, once),
        "nillable": random.random() < 0.1,
        "default": random.choice(["", "", "", "", "default", "fixed"])
        if isinstance(kind, dict) and "base" in kind
        else "",
    }


def _simple(random: Random) -> Tree:
    base = random.choice(BASES)
    facets: list[tuple[str, str]] = []
    if random.random() < 0.5:
        facets = _facets(random, base)
    return {"base": base, "facets": facets, "union": random.choice(BASES) if random.random() < 0.05 else "",
            "list": random.random() < 0.05}  # fmt: skip


def _facets(random: Random, base: str) -> list[tuple[str, str]]:
    if base in ("string", "token"):
        options = [
            [("enumeration", value) for value in random.sample(["red", "green", "blue"], random.randint(1, 3))],
            [("maxLength", str(random.randint(0, 8)))],
            [("minLength", str(random.randint(0, 2)))],
            [("pattern", random.choice(PATTERNS))],
            [("pattern", pattern) for pattern in random.sample(PATTERNS, 2)],
            [("length", "3")],
        ]
    elif base == "date":
        options = [[("minInclusive", "2021-01-01")], [("maxExclusive", "2021-01-01")]]
    elif base == "boolean":
        options = [[("pattern", "true|false")]]
    else:
        options = [
            [("minInclusive", str(random.randint(1, 5)))],
            [("maxInclusive", str(random.randint(6, 100)))],
            [("minExclusive", str(random.randint(1, 5))), ("maxExclusive", str(random.randint(8, 100)))],
            [("totalDigits", str(random.randint(1, 3)))],
            [("enumeration", "1"), ("enumeration", "12")],
        ]
    return random.choice(options)


def changed(random: Random, schema: Tree) -> Tree:
    """The schema with one to three small changes."""
    after = copy.deepcopy(schema)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        _change(random, after)
    return after


def _change(random: Random, schema: Tree) -> None:
    types = [schema["message"], schema["base"], *schema["derived"]]
    nested = [inner for one in types for inner in _nested(one)]
    roll = random.random()
    if roll < 0.05:
        schema["qualified"] = not schema["qualified"]
    elif roll < 0.1:
        schema["members"] = random.sample(["m1", "m2"], random.randint(0, 2))
    elif roll < 0.13:
        schema["derived"] = [] if schema["derived"] else [_complex(random, 1, plain=True)]
    elif roll < 0.16:
        schema["head"] = _simple(random)
    elif roll < 0.18:
        schema["abstract"] = not schema["abstract"]
    else:
        _change_type(random, random.choice(nested))


def _nested(kind: Any) -> list[Tree]:
    if not isinstance(kind, dict) or "kind" not in kind:
        return []
    found = [kind]
    if kind["kind"] == "elements":
        for particle in _particles(kind["model"]):
            if particle["kind"] == "element":
                found += _nested(particle["type"])
    return found


def _particles(group: Tree) -> list[Tree]:
    found = [group]
    for each in group.get("inside", ()):
        found += _particles(each)
    return found


def _change_type(random: Random, kind: Tree) -> None:
    roll = random.random()
    if roll < 0.2:
        names = {each["name"]: each for each in kind["attributes"]}
        name = random.choice(["x", "y"])
        if name in names and random.random() < 0.5:
            names.pop(name)
        else:
            names[name] = _attribute(random, name)
        kind["attributes"] = list(names.values())
    elif roll < 0.23:
        kind["open"] = not kind["open"]
    elif kind["kind"] == "text":
        kind["value"] = _nudged(random, kind["value"])
    elif roll < 0.27:
        kind["mixed"] = not kind["mixed"]
    else:
        _change_model(random, kind["model"])


def _change_model(random: Random, model: Tree) -> None:
    particles = _particles(model)
    groups = [each for each in particles if "inside" in each]
    elements = [each for each in particles if each["kind"] == "element"]
    group = random.choice(groups)
    roll = random.random()
    if roll < 0.25:
        free = [name for name in NAMES if all(each["name"] != name for each in elements)]
        if free:
            new = _element(random, random.choice(free), 1, group["kind"] == "all")
            if random.random() < 0.6:
                new["occurs"] = (0, 1)
            group["inside"].insert(random.randint(0, len(group["inside"])), new)
    elif roll < 0.35 and len(group["inside"]) > 1:
        group["inside"].pop(random.randrange(len(group["inside"])))
    elif roll < 0.45:
        random.shuffle(group["inside"])
    elif roll < 0.5 and group["kind"] != "all":
        group["kind"] = "choice" if group["kind"] == "sequence" else "sequence"
    elif roll < 0.55:
        wild = [each for each in particles if each["kind"] == "any"]
        if wild:
            random.choice(wild).update(_wildcard(random))
    elif roll < 0.75:
        each = random.choice(particles)
        inside_all = any(each in one["inside"] for one in groups if one["kind"] == "all")
        each["occurs"] = _occurs(random, inside_all or each["kind"] == "all")
    elif elements:
        each = random.choice(elements)
        if roll < 0.8:
            each["nillable"] = not each["nillable"]
        elif isinstance(each["type"], dict) and "base" in each["type"] and roll < 0.95:
            each["type"] = _nudged(random, each["type"])
        else:
            each.update(_element(random, each["name"], 1) | {"occurs": each["occurs"]})


def _nudged(random: Random, value: Tree) -> Tree:
    after = copy.deepcopy(value)
    roll = random.random()
    if roll < 0.4:
        after["facets"] = _facets(random, after["base"]) if random.random() < 0.7 else []
    elif roll < 0.6:
        after["base"] = random.choice(BASES)
        if after["facets"] and not _fits(after):
            after["facets"] = []
    elif roll < 0.8 and after["facets"]:
        name, text = after["facets"][0]
        if text.isdigit():
            after["facets"] = [(name, str(max(1, int(text) + random.choice([-1, 1])))), *after["facets"][1:]]
        elif name == "enumeration":
            after["facets"] = [
                ("enumeration", each) for each in random.sample(["red", "green", "blue"], random.randint(1, 3))
            ]
    elif roll < 0.9:
        after["union"] = "" if after["union"] else random.choice(BASES)
    else:
        return _simple(random)
    return after


def _fits(value: Tree) -> bool:
    texts = value["base"] in ("string", "token")
    numbers = value["base"] not in ("string", "token", "date", "boolean")
    names = {name for name, _ in value["facets"]}
    if names & {"maxLength", "minLength", "length"}:
        return texts
    return numbers and all(text.isdigit() for _, text in value["facets"])


# Writing one


def written(schema: Tree) -> str:
    """The schema as XSD: elements ``ask`` and ``answer`` of one type, in ``urn:t``."""
    form = "qualified" if schema["qualified"] else "unqualified"
    derived = "".join(
        f'<xs:complexType name="Derived{number}"><xs:complexContent><xs:extension base="t:Base">'
        f"{_inner(_renamed(one))}</xs:extension></xs:complexContent></xs:complexType>"
        for number, one in enumerate(schema["derived"])
    )
    members = "".join(f'<xs:element name="{name}" substitutionGroup="t:head"/>' for name in schema["members"])
    abstract = ' abstract="true"' if schema["abstract"] else ""
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" '
        f'elementFormDefault="{form}">'
        '<xs:element name="ask" type="t:Message"/><xs:element name="answer" type="t:Message"/>'
        f'<xs:element name="head"{abstract}>{_simple_type(schema["head"])}</xs:element>{members}'
        f"{_complex_type(schema['message'], 'Message')}{_complex_type(schema['base'], 'Base')}"
        f"{derived}</xs:schema>"
    )


def _renamed(kind: Tree) -> Tree:
    """An extension adds elements of other names, and attributes too."""
    after = copy.deepcopy(kind)
    for each in _particles(after["model"]):
        if each["kind"] == "element":
            each["name"] = f"d{each['name']}"
    after["model"]["inside"] = [each for each in after["model"]["inside"] if each["kind"] not in ("any", "head")]
    for attribute in after["attributes"]:
        attribute["name"] = f"d{attribute['name']}"
    after["open"] = False
    return after


def _complex_type(kind: Tree, own: str = "") -> str:
    name = f' name="{own}"' if own else ""
    if kind["kind"] == "text":
        base = kind["value"]["base"]
        return (
            f'<xs:complexType{name}><xs:simpleContent><xs:extension base="xs:{base}">{_attribute_uses(kind)}'
            "</xs:extension></xs:simpleContent></xs:complexType>"
        )
    mixed = ' mixed="true"' if kind["mixed"] else ""
    return f"<xs:complexType{name}{mixed}>{_inner(kind)}</xs:complexType>"


def _inner(kind: Tree) -> str:
    return _particle(kind["model"]) + _attribute_uses(kind)


def _attribute_uses(kind: Tree) -> str:
    uses = ""
    for each in kind["attributes"]:
        fixed = ' fixed="12"' if each["fixed"] else ""
        uses += f'<xs:attribute name="{each["name"]}" use="{each["use"]}"{fixed}>'
        uses += f"{_simple_type(each['value'])}</xs:attribute>"
    return uses + ('<xs:anyAttribute namespace="##other" processContents="lax"/>' if kind["open"] else "")


def _particle(each: Tree) -> str:
    least, most = each["occurs"]
    occurs = f' minOccurs="{least}" maxOccurs="{"unbounded" if most is None else most}"'
    if each["kind"] == "head":
        return f'<xs:element ref="t:head"{occurs}/>'
    if each["kind"] == "any":
        return f'<xs:any namespace="{each["namespace"]}" processContents="{each["process"]}"{occurs}/>'
    if each["kind"] == "element":
        preset = f' {each["default"]}="12"' if each["default"] else ""
        nillable = ' nillable="true"' if each["nillable"] else ""
        start = f'<xs:element name="{each["name"]}"{occurs}{nillable}{preset}'
        if each["type"] == "base":
            return f'{start} type="t:Base"/>'
        inner = _complex_type(each["type"]) if "kind" in each["type"] else _simple_type(each["type"])
        return f"{start}>{inner}</xs:element>"
    return f"<xs:{each['kind']}{occurs}>{''.join(map(_particle, each['inside']))}</xs:{each['kind']}>"


def _simple_type(value: Tree) -> str:
    facets = "".join(f"<xs:{name} value={quoteattr(text)}/>" for name, text in value["facets"])
    inner = f'<xs:simpleType><xs:restriction base="xs:{value["base"]}">{facets}</xs:restriction></xs:simpleType>'
    if value["list"]:
        return f"<xs:simpleType><xs:list>{inner}</xs:list></xs:simpleType>"
    if value["union"]:
        return f'<xs:simpleType><xs:union memberTypes="xs:{value["union"]}">{inner}</xs:union></xs:simpleType>'
    return inner


_WSDL = """<wsdl:definitions targetNamespace="urn:t" xmlns:t="urn:t" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><wsdl:types>{schema}</wsdl:types>
<wsdl:message name="Ask"><wsdl:part name="body" element="t:ask"/></wsdl:message>
<wsdl:message name="Answer"><wsdl:part name="body" element="t:answer"/></wsdl:message>
<wsdl:portType name="T"><wsdl:operation name="Do"><wsdl:input message="t:Ask"/><wsdl:output message="t:Answer"/>
</wsdl:operation></wsdl:portType>
<wsdl:binding name="B" type="t:T"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="Do"><soap:operation soapAction="urn:t#Do"/><wsdl:input><soap:body use="literal"/></wsdl:input>
<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>
<wsdl:service name="S"><wsdl:port name="P" binding="t:B"><soap:address location="http://provider.example/t"/>
</wsdl:port></wsdl:service></wsdl:definitions>"""


def contract_of(schema: str, folder: Any) -> Contract:
    """A contract with one operation ``Do`` over a schema's elements ``ask`` and ``answer``."""
    path = folder / "service.wsdl"
    path.write_text(_WSDL.format(schema=schema))
    return read_contract(path)


# Documents


def random_document(random: Random, schema: Tree) -> Element:
    """An ``ask`` that the schema may or may not let through: its names in lawful places, values of all kinds."""
    return parse_document(_tag(random, schema, "t:ask", schema["message"]).encode(), "ask")


def _tag(random: Random, schema: Tree, name: str, kind: Any, extra: str = "") -> str:
    space = ' xmlns:t="urn:t" xmlns:o="urn:o" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    deep = schema.get("deep", 0)
    if deep > 3:
        return f"<{name}{space}{extra}/>"
    attributes, inner = _inside(random, {**schema, "deep": deep + 1}, kind)
    return f"<{name}{space}{extra}{attributes}>{inner}</{name}>"


def _inside(random: Random, schema: Tree, kind: Any) -> tuple[str, str]:
    if kind == "base":
        attributes, inner = _inside(random, schema, schema["base"])
        if schema["derived"] and random.random() < 0.3:
            more, further = _inside(random, schema, _renamed(schema["derived"][0]))
            return f' xsi:type="t:Derived0"{attributes}{more}', inner + further
        return attributes, inner
    if "kind" not in kind:
        return "", _text(random, kind)
    attributes = ""
    for each in kind["attributes"]:
        if each["use"] == "required" or random.random() < 0.5:
            text = "12" if each["fixed"] and random.random() < 0.7 else _text(random, each["value"])
            attributes += f' {each["name"]}="{text}"'
    if kind["open"] and random.random() < 0.5:
        attributes += ' o:more="1"'
    if kind["kind"] == "text":
        return attributes, _text(random, kind["value"])
    inner = _content(random, schema, kind["model"])
    return attributes, (f"text{inner}" if kind["mixed"] and random.random() < 0.5 else inner)


def _content(random: Random, schema: Tree, each: Tree) -> str:
    least, most = each["occurs"]
    turns = random.randint(least, least + 2 if most is None else most)
    return "".join(_once(random, schema, each) for _ in range(turns))


def _once(random: Random, schema: Tree, each: Tree) -> str:
    if each["kind"] == "head":
        name = random.choice(["head", *schema["members"]])
        return _tag(random, schema, f"t:{name}", schema["head"])
    if each["kind"] == "any":
        # Under a lax wildcard no contract says what the contract's own names mean, so they are left out there.
        name = random.choice(["o:z", "o:z", "z"] if each["process"] == "lax" else ["o:z", "t:head", "z", "t:ask"])
        if each["process"] == "lax" or random.random() < 0.5:
            return _tag(random, schema, name, schema["head"])
        return _tag(random, schema, name, schema["message"])
    if each["kind"] == "element":
        name = f"t:{each['name']}" if schema["qualified"] else each["name"]
        if each["nillable"] and random.random() < 0.3:
            return f'<{name} xmlns:t="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
        if each["default"] and random.random() < 0.5:
            return f'<{name} xmlns:t="urn:t">{random.choice(["", "12"])}</{name}>'
        return _tag(random, schema, name, each["type"])
    inside = list(each["inside"])
    if each["kind"] == "choice":
        return _content(random, schema, random.choice(inside))
    if each["kind"] == "all":
        random.shuffle(inside)
    return "".join(_content(random, schema, one) for one in inside)


_TYPICAL = {
    "string": ("abc", "ABC", "red", " x ", "abcdefgh", ""),
    "token": ("abc", "red", "ABC", " x ", ""),
    "date": ("2026-01-15", "2020-02-02"),
    "boolean": ("true", "1", "0"),
    "decimal": ("1.5", "12", "1.25", "-5", "300"),
}


def _text(random: Random, value: Tree) -> str:
    roll = random.random()
    listed = [text for name, text in value["facets"] if name == "enumeration"]
    if listed and roll < 0.7:
        return escape(random.choice(listed))
    if roll < 0.85:
        texts = _TYPICAL.get(value["base"], ("1", "12", "7", "3", "100", " 7 ", "0012", "-5", "70000", "3000000000"))
        first = random.choice(texts)
        return f"{first} {random.choice(texts)}" if value["list"] and random.random() < 0.4 else first
    return escape(random.choice(TEXTS))
