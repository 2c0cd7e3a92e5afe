"""Route: the envelope that goes to the provider is written, from what was signed and nothing else."""

from functools import lru_cache
from typing import Final

from esb.certs.canonical import exclusive
from esb.certs.sign import PartDigest
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.clock import utc_text
from esb.kernel.directory import AnswerSignature, SignatureMode
from esb.kernel.faults import Refusal
from esb.kernel.message import Accepted, Outgoing, Routed, VerifiedSignature
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element
from esb.routing.table import in_maintenance
from esb.stages import compose
from esb.stages.sign import hosted_signer
from esb.stages.way import Way

_WSU_ID: Final = f"{{{ns.WSU}}}Id"
_SOAP_NAMES: Final = ("mustUnderstand", "actor", "role")


def route(message: Accepted, way: Way) -> Routed:
    """Compose what the provider gets under the resource's signature mode.

    ``bus``: the Body and an ``exch:Forwarded`` header under the bus's signature.  ``carry``: the consumer's signed
    parts byte for byte with its own signature, and beside them the bus's.  ``none``: the Body alone.

    Raises:
        Refusal: PRV-04 when the answer could not be signed for its owner; PRV-05 while the provider is given a pause;
            MSG-10 when signatures are carried and the provider speaks the other SOAP version only.
    """
    authorized = message.validated.authorized
    service = authorized.service
    received = authorized.authenticated.parsed.received
    try:
        way.breaker.check(service.endpoint, way.clock.monotonic())
    except Refusal as refusal:
        raise in_maintenance(refusal, way.directory, service, way.clock.now()) from refusal
    if service.answer_signature is AnswerSignature.HOSTED:
        hosted_signer(service, way, way.clock.now())  # before the provider is asked, not after
    version = service.provider_version or received.version
    if service.signature is SignatureMode.CARRY:
        if version is not received.version:
            raise Refusal(
                rules.SOAP_VERSION,
                "This resource is given consumers' own signatures, so it takes its provider's SOAP version only.",
                {"wanted": version.media_type},
            )
        octets = _carried(message, version, way)
    else:
        octets = _signed_by_bus(message, version, way)
    outgoing = Outgoing(
        exchange=received.exchange,
        consumer=authorized.authenticated.consumer,
        client=authorized.client,
        service=service,
        operation=authorized.operation,
        version=version,
        envelope=octets,
        officer=authorized.authenticated.exchange.officer or "",
    )
    return Routed(message, outgoing)


def _signed_by_bus(message: Accepted, version: SoapVersion, way: Way) -> bytes:
    authorized = message.validated.authorized
    exchange = authorized.authenticated.parsed.received.exchange
    part = authorized.authenticated.signature.body
    scope = tuple(prefix for prefix, _ in message.validated.scope)
    prefix = "soap"
    if version is authorized.authenticated.parsed.received.version and not scope:
        body, signed = part.canonical, PartDigest(part.id, part.sha256, part.prefixes)
        prefix = compose.free_prefix("soap", version.value, part.prefixes, part.element)
    else:
        prefixes = tuple(sorted({*part.prefixes, *scope}))
        content = exclusive(part.element[0], prefixes) if len(part.element) else b""
        body, signed = compose.body_element(version, f"body-{exchange}", content, prefixes)
    if authorized.service.signature is SignatureMode.NONE:
        return compose.envelope(version, (), body, prefix=prefix)
    forwarded, forwarded_part = _forwarded(message)
    security = way.signer.security_header(
        version, (signed, forwarded_part), way.clock.now(), way.answer_lifetime, exchange, None
    )
    return compose.envelope(version, (security, forwarded), body, prefix=prefix)


def _carried(message: Accepted, version: SoapVersion, way: Way) -> bytes:
    authorized = message.validated.authorized
    exchange = authorized.authenticated.parsed.received.exchange
    signature = authorized.authenticated.signature
    part = signature.body
    forwarded, forwarded_part = _forwarded(message)
    own = way.signer.security_header(
        version,
        (PartDigest(part.id, part.sha256, part.prefixes), forwarded_part),
        way.clock.now(),
        way.answer_lifetime,
        exchange,
        ns.BUS_ACTOR,
    )
    blocks = (own, forwarded, consumers_security(signature, version), *(block.canonical for block in signature.blocks))
    scope = message.validated.scope
    names = {prefix for prefix, _ in scope}
    places = () if "soap" in names else (part.element, signature.security)
    prefix = compose.free_prefix("soap", version.value, names | _listed_prefixes(signature.signature), *places)
    return compose.envelope(version, blocks, part.canonical, scope, prefix)


def consumers_security(signature: VerifiedSignature, version: SoapVersion) -> bytes:
    """The consumer's wsse:Security as it was signed: tokens, Timestamp and Signature in their order, nothing else.

    Each is written in exclusive canonical form with every prefix that a PrefixList in it names, so that whoever
    canonicalizes it again in the new envelope arrives at the same octets.  Of the header's own attributes, which no
    signature covers, SOAP's and the identifier go on; an actor that meant the bus does not, for the bus's own header
    beside it has that one (WSS 1.1, section 5: no two headers for one actor).
    """
    element = signature.security
    listed = _listed_prefixes(signature.signature)
    wanted = {id(signature.timestamp.element), id(signature.signature), id(signature.token)}
    signed = {reference.get("URI", "")[1:] for reference in signature.signature.iter(f"{{{ns.DS}}}Reference")}
    prefixes = tuple(sorted(listed))
    inside = b"".join(
        signature.timestamp.canonical if child is signature.timestamp.element else exclusive(child, prefixes)
        for child in element
        if id(child) in wanted or not signed.isdisjoint((child.get(_WSU_ID), child.get("Id")))
    )
    bindings: dict[str, str] = {}
    attributes = ""
    for wanted_prefix, uri, names in (("soap", version.value, _SOAP_NAMES), ("wsu", ns.WSU, ("Id",))):
        kept = [
            (name, value) for name in names if (value := element.get(f"{{{uri}}}{name}")) not in (None, ns.BUS_ACTOR)
        ]
        if kept:
            prefix = compose.free_prefix(wanted_prefix, uri, listed, element)
            bindings[prefix] = uri
            attributes += "".join(f' {prefix}:{name}="{compose.attribute(str(value))}"' for name, value in kept)
    prefix = compose.free_prefix("wsse", ns.WSSE, listed, element)
    bindings[prefix] = ns.WSSE
    declared = "".join(f' xmlns:{name}="{uri}"' for name, uri in sorted(bindings.items()))
    return f"<{prefix}:Security{declared}{attributes}>".encode() + inside + f"</{prefix}:Security>".encode()


def _listed_prefixes(signature: Element) -> set[str]:
    listed: set[str] = set()
    for inclusive in signature.iter(f"{{{ns.EXC_C14N}}}InclusiveNamespaces"):
        listed.update((inclusive.get("PrefixList") or "").split())
    return listed


def _forwarded(message: Accepted) -> tuple[bytes, PartDigest]:
    """``exch:Forwarded``: who asks, for what and on which ground, told to the provider under the bus's signature."""
    authorized = message.validated.authorized
    authenticated = authorized.authenticated
    received = authenticated.parsed.received
    exchange = authenticated.exchange
    grant = authorized.grant
    children = "".join(
        (
            compose.field("exchange", received.exchange),
            _leave(
                authenticated.consumer,
                authorized.client,
                authorized.service.id.text,
                authorized.operation.name,
                grant.purpose,
                grant.legal_basis,
            ),
            compose.field("caseNumber", exchange.case_number),
            compose.field("officer", exchange.officer),
            compose.field("onBehalfOf", exchange.on_behalf_of),
            compose.digest_field(message.digest),
            compose.field("receivedAt", utc_text(received.at)),
        )
    )
    return compose.header_element("Forwarded", f"forwarded-{received.exchange}", children)


@lru_cache(maxsize=4096)
def _leave(consumer: str, client: str, service: str, operation: str, purpose: str, legal_basis: str) -> str:
    """What one grant says of all its requests.  Remembered: six texts are escaped otherwise."""
    return "".join(
        (
            compose.field("consumer", consumer),
            compose.field("client", client),
            compose.field("service", service),
            compose.field("operation", operation),
            compose.field("purpose", purpose),
            compose.field("legalBasis", legal_basis),
        )
    )
