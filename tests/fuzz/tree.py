"""Changes of a message's tree, as a person who attacks it makes them: parts move, double, change name and place."""

import copy
from typing import Any, Final

from fuzz.dice import Dice
from lxml import etree

from esb.kernel import namespaces as ns

_WSU_ID: Final = f"{{{ns.WSU}}}Id"
_IDS: Final = (_WSU_ID, "Id", "ID", "id", f"{{{ns.XML}}}id")
_SOAPS: Final = (ns.SOAP11, ns.SOAP12)

TAGS: Final = (
    *(f"{{{soap}}}{local}" for soap in _SOAPS for local in ("Envelope", "Header", "Body", "Fault")),
    *(f"{{{ns.WSSE}}}{local}" for local in ("Security", "BinarySecurityToken", "SecurityTokenReference", "Reference",
                                            "KeyIdentifier", "Embedded", "UsernameToken", "TransformationParameters")),
    *(f"{{{ns.WSU}}}{local}" for local in ("Timestamp", "Created", "Expires")),
    *(f"{{{ns.DS}}}{local}" for local in ("Signature", "SignedInfo", "SignatureValue", "KeyInfo", "Object", "Manifest",
                                          "Reference", "Transforms", "Transform", "DigestMethod", "DigestValue",
                                          "CanonicalizationMethod", "SignatureMethod", "X509Data", "KeyValue",
                                          "X509Certificate", "KeyName", "RetrievalMethod", "SignatureProperties")),
    *(f"{{{ns.WSA}}}{local}" for local in ("To", "Action", "MessageID", "ReplyTo", "Address")),
    f"{{{ns.EXCHANGE}}}Exchange", f"{{{ns.EXCHANGE}}}Forwarded", f"{{{ns.WSSE11}}}SignatureConfirmation",
    f"{{{ns.EXC_C14N}}}InclusiveNamespaces", "{http://www.w3.org/2001/04/xmlenc#}EncryptedKey", "{urn:evil}x", "x",
)  # fmt: skip
VALUES: Final = (
    "", " ", "#", "body", "time", "token", "#body", "#time", "#token", "1", "0", "true", "urn:other", ns.BUS_ACTOR,
    ns.SOAP11_NEXT, ns.SOAP12_NEXT, ns.SOAP12_NONE, ns.SOAP12_ULTIMATE, ns.EXC_C14N, f"{ns.EXC_C14N}WithComments",
    ns.SHA256, ns.SHA512, ns.ECDSA_SHA256, ns.RSA_SHA256, ns.RSA_PSS, ns.ENVELOPED_SIGNATURE, ns.STR_TRANSFORM,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/TR/1999/REC-xslt-19991116", f"{ns.DS}sha1", f"{ns.DS}hmac-sha1", f"{ns.DS}base64",
    ns.X509_V3, ns.X509_PKI_PATH, ns.X509_SKI, ns.BASE64_BINARY, "p soap wsu", "#default", "2030-01-01T00:00:00Z",
    "5EVIL00", "AAAA", "A" * 88, "=", ns.WSA_ANONYMOUS, "http://evil.example/", "x" * 300, "ə", "xs:int", "p:Citizen",
    "2026-09-21T14:13:20+04:00", "2026-09-21T24:00:00.000000001Z", "2026-09-21T14:13:20.5", "32", "CN=Test CA", "7",
    ns.RSA_PSS_SHA256, ns.RSA_SHA512, ns.ECDSA_SHA384, ns.ECDSA_SHA512, ns.EDDSA_ED25519, ns.THUMBPRINT_SHA1,
)  # fmt: skip
ATTRIBUTES: Final = (
    *_IDS, "URI", "Algorithm", "PrefixList", "Type", "ValueType", "EncodingType", "Encoding", f"{{{ns.XSI}}}type",
    *(f"{{{soap}}}{local}" for soap in _SOAPS for local in ("actor", "role", "mustUnderstand", "encodingStyle")),
    f"{{{ns.XML}}}lang", f"{{{ns.XML}}}base", f"{{{ns.XML}}}space", "href", "{urn:evil}Id", "x",
)  # fmt: skip


def change(root: Any, dice: Dice) -> Any:
    """One change; returns the root, which may be another."""
    elements = list(root.iter(etree.Element))
    one, other = dice.pick(elements), dice.pick(elements)
    act = _ACTS[dice.below(len(_ACTS))]
    return act(root, one, other, dice)


def _remove(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one is not root:
        one.getparent().remove(one)
    return root


def _double(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one is not root:
        twin = _copy(one)
        (one.addnext if dice.below(2) else one.addprevious)(twin)
        if dice.below(2):
            _spoil(twin, dice)
    return root


def _double_elsewhere(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    other.insert(dice.below(len(other) + 1), _copy(one))
    return root


def _move(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one is not root and one is not other and one not in other.iterancestors():
        other.insert(dice.below(len(other) + 1), one)
    return root


def _replace(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    """Wrapping proper: a twin, spoilt, stands where the original stood, and the original goes elsewhere."""
    if one is root:
        return root
    twin = _copy(one)
    _spoil(twin, dice)
    if dice.below(2):
        for name in _IDS[:2]:
            twin.attrib.pop(name, None)
    one.addprevious(twin)
    place = other if one is not other and one not in other.iterancestors() else twin
    if dice.below(2):
        wrapper = etree.SubElement(place, dice.pick(TAGS))
        place = wrapper
    place.insert(dice.below(len(place) + 1), one)
    return root


def _wrap(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    wrapper = etree.Element(dice.pick(TAGS))
    if one is root:
        wrapper.append(root)
        return wrapper
    one.addprevious(wrapper)
    wrapper.append(one)
    return root


def _unwrap(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one is not root:
        for child in list(one):
            one.addprevious(child)
        one.getparent().remove(one)
    return root


def _rename(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    one.tag = other.tag if dice.below(2) else dice.pick(TAGS)
    return root


def _text(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    _spoil(one, dice)
    return root


def _attribute(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    names = [*one.attrib, *ATTRIBUTES] if dice.below(2) else list(one.attrib) or list(ATTRIBUTES)
    values = list(other.attrib.values()) if dice.below(2) else []
    one.set(dice.pick(names), dice.pick(values or VALUES))
    return root


def _no_attribute(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one.attrib:
        del one.attrib[dice.pick(list(one.attrib))]
    return root


def _same_identifier(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    for name in _IDS[:2]:
        if one.get(name) is not None:
            other.set(dice.pick(_IDS), one.get(name))
    return root


def _refer(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    """A further reference, or one that is there, names another element."""
    name = one.get(_WSU_ID) or one.get("Id")
    if name is None:
        name = "made"
        one.set(dice.pick(_IDS[:2]), name)
    references = list(root.iter(f"{{{ns.DS}}}Reference"))
    if references:
        reference = dice.pick(references)
        if dice.below(2):
            twin = _copy(reference)
            reference.addnext(twin)
            reference = twin
        reference.set("URI", f"#{name}")
    return root


def _unrefer(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    """A part is no longer signed."""
    references = list(root.iter(f"{{{ns.DS}}}Reference"))
    if references:
        reference = dice.pick(references)
        reference.getparent().remove(reference)
    return root


def _header(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    """A further header block, of a name that may count."""
    for header in root.iter(*(f"{{{soap}}}Header" for soap in _SOAPS)):
        block = etree.Element(
            dice.pick([tag for tag in TAGS if tag.startswith((f"{{{ns.WSA}}}", f"{{{ns.EXCHANGE}}}"))])
        )
        block.text = dice.pick(VALUES)
        header.insert(dice.below(len(header) + 1), block)
        break
    return root


def _rebind(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    """Declare a prefix anew on an element: it is made again with other declarations around the same content."""
    prefix = dice.pick(("p", "soap", "wsu", "wsse", "ds", "xsi", "q", None, "exch", "S"))
    uri = dice.pick(("urn:evil", "urn:example:person", ns.SOAP11, ns.WSU, "relative"))
    nsmap = {**one.nsmap, prefix: uri}
    if prefix is None and etree.QName(one).namespace is None:
        return root
    again = etree.Element(one.tag, nsmap={key: value for key, value in nsmap.items() if value})
    again.text, again.tail = one.text, one.tail
    again.attrib.update(one.attrib)
    again.extend(list(one))
    if one is root:
        return again
    one.getparent().replace(one, again)
    return root


def _markup(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    node = dice.pick((etree.Comment("c"), etree.ProcessingInstruction("p", "i"), etree.Comment("")))
    one.insert(dice.below(len(one) + 1), node)
    return root


def _swap(root: Any, one: Any, other: Any, dice: Dice) -> Any:
    if one is root or other is root or one is other or one in other.iterancestors() or other in one.iterancestors():
        return root
    mark = etree.Element("mark")
    one.addprevious(mark)
    other.addprevious(one)
    mark.addprevious(other)
    mark.getparent().remove(mark)
    return root


def _copy(one: Any) -> Any:
    twin = copy.deepcopy(one)
    twin.tail = None
    return twin


def _spoil(one: Any, dice: Dice) -> None:
    """Another text, in the element or in the first text below it."""
    target = next((each for each in one.iter(etree.Element) if (each.text or "").strip()), one)
    target.text = dice.pick(VALUES)


_ACTS: Final = (
    _remove, _double, _double_elsewhere, _move, _move, _replace, _replace, _replace, _wrap, _unwrap, _rename, _text,
    _attribute, _attribute, _no_attribute, _same_identifier, _refer, _refer, _unrefer, _header, _rebind,
    _rebind, _markup, _swap,
)  # fmt: skip
