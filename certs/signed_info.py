"""Reading ds:SignedInfo: every element, attribute and algorithm against the profile, before anything is computed."""

import re
from typing import Final

from esb.certs.profile import DIGEST_SIZES, PSS_BY_DIGEST, SIGNATURES, SignatureAlgorithm, SignatureLimits
from esb.certs.walk import check_attributes, children, from_base64, name_of, text_of
from esb.kernel import rules
from esb.kernel.faults import Refusal, Rule
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import DS, ENVELOPED_SIGNATURE, EXC_C14N, RSA_PSS, SHA256, STR_TRANSFORM, WSSE
from esb.kernel.xml import Element

_CANONICALIZATION: Final = f"{{{DS}}}CanonicalizationMethod"
_METHOD: Final = f"{{{DS}}}SignatureMethod"
_REFERENCE: Final = f"{{{DS}}}Reference"
_TRANSFORMS: Final = f"{{{DS}}}Transforms"
_TRANSFORM: Final = f"{{{DS}}}Transform"
_DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
_DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
_REFERENCE_PARTS: Final = [_TRANSFORMS, _DIGEST_METHOD, _DIGEST_VALUE]
_INCLUSIVE: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"
_PARAMETERS: Final = f"{{{WSSE}}}TransformationParameters"
_DSIG_MORE: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_PSS_PARAMS: Final = f"{{{_DSIG_MORE}}}RSAPSSParams"
_PSS_MASK: Final = f"{{{_DSIG_MORE}}}MaskGenerationFunction"
_PSS_SALT: Final = f"{{{_DSIG_MORE}}}SaltLength"
_PSS_TRAILER: Final = f"{{{_DSIG_MORE}}}TrailerField"
_MGF1: Final = f"{_DSIG_MORE}MGF1"

_NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()
_ID: Final = frozenset({"Id"})
_REFERENCE_ATTRIBUTES: Final = frozenset({"Id", "URI", "Type"})
_ALGORITHM: Final = ["Algorithm"]
_BLANK: Final = " \t\r\n"  # XML's white space; Python's own is more
_PREFIX_LIST: Final = ["PrefixList"]
_DIGEST_TEXT: Final = 256
_PREFIX_TEXT: Final = 4_096
_ATTRIBUTE_TEXT: Final = 1_024
# What may be referred to.  Names only: nothing that another reader would unescape, split or evaluate.
_REFERABLE: Final = re.compile(r"[\w.:-]{1,256}")
_PREFIX: Final = re.compile(r"#default|[^\W\d][\w.-]{0,255}")


@frozen
class Reference:
    """One ds:Reference, read.

    Attributes:
        id: the identifier that its URI names, without ``#``.
        prefixes: the PrefixList of its exclusive canonicalization.
        token: whether the STR-Transform turns what it names (a SecurityTokenReference) into the token itself.
        digest: URI of the digest algorithm.
        value: the digest as stated.
    """

    id: str
    prefixes: tuple[str, ...]
    token: bool
    digest: str
    value: bytes


@frozen
class SignedInfo:
    """A ds:SignedInfo, read; ``prefixes`` is the PrefixList of its own canonicalization."""

    prefixes: tuple[str, ...]
    algorithm: SignatureAlgorithm
    references: tuple[Reference, ...]


def read_signed_info(element: Element, limits: SignatureLimits) -> SignedInfo:
    """Read a ds:SignedInfo.

    Raises:
        Refusal: SIG-02 (structure), SIG-06 (what a reference names), SIG-09 (algorithms), SIG-10 (transforms),
            SIG-11 (counts).
    """
    check_attributes(element, _ID, rules.SIG_STRUCTURE)
    parts = children(element, rules.SIG_STRUCTURE)
    if len(parts) < 3 or parts[0].tag != _CANONICALIZATION or parts[1].tag != _METHOD:
        raise Refusal(
            rules.SIG_STRUCTURE,
            "A ds:SignedInfo must hold one CanonicalizationMethod, one SignatureMethod and then its References.",
        )
    if len(parts) - 2 > limits.references:
        raise Refusal(rules.SIG_LIMITS, "The signature has too many references.", {"limit": str(limits.references)})
    prefixes = _canonicalization(parts[0], limits, rules.SIG_ALGORITHM)
    algorithm = _signature_method(parts[1])
    return SignedInfo(prefixes, algorithm, tuple([_reference(part, limits) for part in parts[2:]]))


def _algorithm_of(element: Element) -> str:
    """The Algorithm attribute, which must be there and stand alone."""
    uri = element.get("Algorithm")
    if uri is None or element.keys() != _ALGORITHM:
        name = name_of(element)
        raise Refusal(rules.SIG_STRUCTURE, f"{name} must have the attribute Algorithm and no other.", {"element": name})
    return uri


def _forbidden(rule: Rule, element: Element, uri: str, instead: str) -> Refusal:
    return Refusal(
        rule,
        f"The algorithm that {name_of(element)} names is not in the profile: use {instead}.",
        {"algorithm": uri[:120]},
    )


def _canonicalization(element: Element, limits: SignatureLimits, rule: Rule) -> tuple[str, ...]:
    uri = _algorithm_of(element)
    if uri != EXC_C14N:
        raise _forbidden(rule, element, uri, "exclusive canonicalization without comments")
    return _prefix_list(element, limits)


def _prefix_list(element: Element, limits: SignatureLimits) -> tuple[str, ...]:
    inside = children(element, rules.SIG_STRUCTURE)
    if not inside:
        return ()
    only = inside[0]
    if len(inside) > 1 or only.tag != _INCLUSIVE or only.keys() != _PREFIX_LIST or len(only) or only.text:
        raise Refusal(
            rules.SIG_STRUCTURE,
            "Exclusive canonicalization takes one InclusiveNamespaces with a PrefixList and nothing else.",
        )
    text = only.get("PrefixList") or ""
    # The parser has made every line end and tab a space; other white space is no separator of XML's.
    prefixes = tuple([prefix for prefix in text.split(" ") if prefix]) if len(text) <= _PREFIX_TEXT else None
    if prefixes is None or len(prefixes) > limits.prefixes:
        raise Refusal(rules.SIG_LIMITS, "A PrefixList is too long.", {"limit": str(limits.prefixes)})
    for prefix in prefixes:
        if not _PREFIX.fullmatch(prefix):
            raise Refusal(rules.SIG_STRUCTURE, "A PrefixList holds something that is not a prefix.")
    return prefixes


def _signature_method(element: Element) -> SignatureAlgorithm:
    uri = _algorithm_of(element)
    if uri == RSA_PSS:
        return _pss(element)
    algorithm = SIGNATURES.get(uri)
    if algorithm is None:
        raise _forbidden(rules.SIG_ALGORITHM, element, uri, "RSA, RSA-PSS or ECDSA with SHA-256, or Ed25519")
    if len(element) or (element.text or "").strip(_BLANK):
        # HMACOutputLength once truncated a signature to one bit (CVE-2009-0217); none of ours takes a parameter.
        raise Refusal(rules.SIG_STRUCTURE, "The signature algorithm takes no parameters: leave SignatureMethod empty.")
    return algorithm


def _pss(element: Element) -> SignatureAlgorithm:
    """RSA-PSS by its generic identifier, where its parameters say what the profile allows.

    What is left out has the defaults of RFC 9231 2.3.9: SHA-256, MGF1 with the digest of the signature, a salt as long
    as that digest, trailer 1.  With all of them left out, as the JDK writes it, the method is the one that RFC 9231
    2.3.10 names sha256-rsa-MGF1.
    """
    inside = children(element, rules.SIG_STRUCTURE)
    if not inside:
        return PSS_BY_DIGEST[SHA256]
    if len(inside) != 1 or inside[0].tag != _PSS_PARAMS:
        raise _pss_forbidden()
    parts = {part.tag: part for part in children(inside[0], rules.SIG_STRUCTURE)}
    if len(parts) != len(inside[0]) or parts.keys() - {_DIGEST_METHOD, _PSS_MASK, _PSS_SALT, _PSS_TRAILER}:
        raise _pss_forbidden()
    digest = _algorithm_of(parts[_DIGEST_METHOD]) if _DIGEST_METHOD in parts else SHA256
    if digest not in PSS_BY_DIGEST:
        raise _pss_forbidden()
    mask = parts.get(_PSS_MASK)
    if mask is not None:
        named = children(mask, rules.SIG_STRUCTURE)
        if _algorithm_of(mask) != _MGF1 or any(each.tag != _DIGEST_METHOD for each in named):
            raise _pss_forbidden()
        if [_algorithm_of(each) for each in named] not in ([], [digest]):
            raise _pss_forbidden()
    for name, wanted in ((_PSS_SALT, str(DIGEST_SIZES[digest])), (_PSS_TRAILER, "1")):
        part = parts.get(name)
        if part is not None and text_of(part, 16, rules.SIG_STRUCTURE, rules.SIG_LIMITS).strip() != wanted:
            raise _pss_forbidden()
    return PSS_BY_DIGEST[digest]


def _pss_forbidden() -> Refusal:
    return Refusal(
        rules.SIG_ALGORITHM,
        "RSA-PSS must be with SHA-256, SHA-384 or SHA-512, MGF1 with the same, and a salt as long as the digest.",
        {"algorithm": RSA_PSS},
    )


def _reference(element: Element, limits: SignatureLimits) -> Reference:
    if element.tag != _REFERENCE:
        raise Refusal(
            rules.SIG_STRUCTURE, "A ds:SignedInfo holds something besides References.", {"element": name_of(element)}
        )
    check_attributes(element, _REFERENCE_ATTRIBUTES, rules.SIG_STRUCTURE)
    for attribute in element.values():
        if len(attribute) > _ATTRIBUTE_TEXT:
            raise Refusal(rules.SIG_LIMITS, "An attribute of a Reference is longer than the limit.")
    uri = element.get("URI") or ""
    if not uri.startswith("#") or not _REFERABLE.fullmatch(uri, 1):
        raise Refusal(
            rules.SIG_REFERENCE,
            "A reference must name a part of this message by its identifier, as #id: nothing else is looked up.",
            {"reference": uri[:120]},
        )
    parts = children(element, rules.SIG_STRUCTURE)
    if [part.tag for part in parts] != _REFERENCE_PARTS:
        if not any(part.tag == _TRANSFORMS for part in parts):
            raise Refusal(
                rules.SIG_TRANSFORM,
                "A reference without Transforms means inclusive canonicalization: name exclusive canonicalization.",
                {"reference": uri},
            )
        raise Refusal(
            rules.SIG_STRUCTURE, "A Reference must hold Transforms, DigestMethod and DigestValue, in this order."
        )
    token, prefixes = _transforms(parts[0], limits)
    digest = _algorithm_of(parts[1])
    size = DIGEST_SIZES.get(digest)
    if size is None:
        raise _forbidden(rules.SIG_ALGORITHM, parts[1], digest, "SHA-256, SHA-384 or SHA-512")
    if len(parts[1]) or (parts[1].text or "").strip(_BLANK):
        raise Refusal(rules.SIG_STRUCTURE, "The digest algorithm takes no parameters: leave DigestMethod empty.")
    check_attributes(parts[2], _NO_ATTRIBUTES, rules.SIG_STRUCTURE)
    text = text_of(parts[2], _DIGEST_TEXT, rules.SIG_STRUCTURE, rules.SIG_LIMITS)
    value = from_base64(text, parts[2], rules.SIG_STRUCTURE)
    if len(value) != size:
        raise Refusal(
            rules.SIG_DIGEST, "A DigestValue has not the length of its algorithm's digest.", {"reference": uri}
        )
    return Reference(uri[1:], prefixes, token, digest, value)


def _transforms(element: Element, limits: SignatureLimits) -> tuple[bool, tuple[str, ...]]:
    """Return whether the STR-Transform is asked for, and the PrefixList of the canonicalization."""
    check_attributes(element, _NO_ATTRIBUTES, rules.SIG_STRUCTURE)
    parts = children(element, rules.SIG_STRUCTURE)
    if not 1 <= len(parts) <= 2 or any(part.tag != _TRANSFORM for part in parts):
        raise Refusal(rules.SIG_TRANSFORM, "A reference takes exclusive canonicalization, and no chain of transforms.")
    last = parts[-1]
    if len(parts) == 2:
        # The signature never stands inside what it may sign here, so there is nothing for this one to take out.
        first = _algorithm_of(parts[0])
        if first != ENVELOPED_SIGNATURE or len(parts[0]) or (parts[0].text or "").strip():
            raise _forbidden(rules.SIG_TRANSFORM, parts[0], first, "exclusive canonicalization alone")
    elif _algorithm_of(last) == STR_TRANSFORM:
        return True, _str_parameters(last, limits)
    return False, _canonicalization(last, limits, rules.SIG_TRANSFORM)


def _str_parameters(element: Element, limits: SignatureLimits) -> tuple[str, ...]:
    inside = children(element, rules.SIG_STRUCTURE)
    methods = children(inside[0], rules.SIG_STRUCTURE) if len(inside) == 1 and inside[0].tag == _PARAMETERS else []
    if len(methods) != 1 or methods[0].tag != _CANONICALIZATION:
        raise Refusal(
            rules.SIG_STRUCTURE, "The STR-Transform must name one CanonicalizationMethod in TransformationParameters."
        )
    return _canonicalization(methods[0], limits, rules.SIG_TRANSFORM)
