"""Every rule that a refusal can cite.  docs/protocol.md says each in full; a test keeps the two in step.

A rule's id never changes its meaning and is never used again once retired.
"""

from typing import Final

from esb.kernel.faults import Blame, Code, Retry, Rule

CATALOGUE: dict[str, Rule] = {}


def _rule(number: str, code: Code, text: str, retry: Retry | None = None, blame: Blame | None = None) -> Rule:
    if number in CATALOGUE:
        raise ValueError(f"rule {number} is defined twice")
    CATALOGUE[number] = rule = Rule(number, code, text, retry, blame)
    return rule


# HTTP and the form of the message
HTTP_MEDIA: Final = _rule("MSG-01", Code.UNSUPPORTED_MEDIA, "A request's media type is text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).")
HTTP_CHARSET: Final = _rule("MSG-02", Code.UNSUPPORTED_MEDIA, "A message is encoded in UTF-8 or UTF-16, and its declarations agree.")
HTTP_ENCODING: Final = _rule("MSG-03", Code.UNSUPPORTED_MEDIA, "A content coding is gzip or identity.")
SIZE: Final = _rule("MSG-04", Code.TOO_LARGE, "A message is no larger than the limit, before and after decompression.")
XML_WELL_FORMED: Final = _rule("MSG-05", Code.MALFORMED_MESSAGE, "A message is one well-formed XML 1.0 document.")
XML_NO_DTD: Final = _rule("MSG-06", Code.MALFORMED_MESSAGE, "A message has no document type declaration (SOAP 1.1 section 3, WS-I R1008).")
XML_NO_PI: Final = _rule("MSG-07", Code.MALFORMED_MESSAGE, "A message has no processing instruction (SOAP 1.1 section 3, WS-I R1009).")
XML_COUNTS: Final = _rule("MSG-08", Code.TOO_LARGE, "Elements, attributes, namespaces and depth stay within the limits.")
SOAP_ENVELOPE: Final = _rule("MSG-09", Code.MALFORMED_MESSAGE, "The root is a SOAP Envelope with at most one Header, then exactly one Body, and nothing else.")
SOAP_VERSION: Final = _rule("MSG-10", Code.VERSION_MISMATCH, "The Envelope's namespace is SOAP 1.1 or 1.2 and agrees with the media type.")
SOAP_ONE_CHILD: Final = _rule("MSG-11", Code.MALFORMED_MESSAGE, "The Body holds at most one element and no text (document/literal, WS-I R2712).")
SOAP_UNDERSTAND: Final = _rule("MSG-12", Code.NOT_UNDERSTOOD, "A mandatory header block addressed to the bus is one that the bus understands.")
SOAP_ENCODING: Final = _rule("MSG-13", Code.MALFORMED_MESSAGE, "No encodingStyle but on a SOAP 1.1 Envelope: the message is document/literal (WS-I R1006).")
UNIQUE_IDS: Final = _rule("MSG-14", Code.MALFORMED_MESSAGE, "Every identifier that can be referred to stands once in the message.")
ATTACHMENTS: Final = _rule("MSG-15", Code.UNSUPPORTED_MEDIA, "A message is not a MIME package: attachments and XOP are not served.")

# WS-Addressing and SOAPAction
WSA_ACTION: Final = _rule("ADR-01", Code.MALFORMED_MESSAGE, "SOAPAction and wsa:Action, where given, are those of the operation that the Body asks for.")
WSA_TO: Final = _rule("ADR-02", Code.MALFORMED_MESSAGE, "wsa:To, where given, is the address of the resource that is asked.")
WSA_REPLY: Final = _rule("ADR-03", Code.MALFORMED_MESSAGE, "wsa:ReplyTo and wsa:FaultTo are anonymous or none, without reference parameters: answers go back on the same connection only.")
WSA_ONCE: Final = _rule("ADR-04", Code.MALFORMED_MESSAGE, "Each WS-Addressing header stands at most once, in one version of WS-Addressing.")

# The signature
SIG_PRESENT: Final = _rule("SIG-01", Code.SIGNATURE_MISSING, "One wsse:Security header addressed to the bus holds exactly one ds:Signature.")
SIG_STRUCTURE: Final = _rule("SIG-02", Code.SIGNATURE_INVALID, "The ds:Signature has exactly the structure of the profile: SignedInfo, SignatureValue, KeyInfo.")
SIG_BODY: Final = _rule("SIG-03", Code.PART_NOT_SIGNED, "The signature covers the Body of this Envelope itself.")
SIG_TIMESTAMP: Final = _rule("SIG-04", Code.PART_NOT_SIGNED, "The signature covers the wsu:Timestamp of the same Security header.")
SIG_HEADERS: Final = _rule("SIG-05", Code.PART_NOT_SIGNED, "The signature covers every WS-Addressing header and the exch:Exchange header where present.")
SIG_REFERENCE: Final = _rule("SIG-06", Code.SIGNATURE_INVALID, "A reference names, by #id, exactly one part that may be signed: Body, Timestamp, a header block or the token.")
SIG_DIGEST: Final = _rule("SIG-07", Code.SIGNATURE_INVALID, "Each reference's digest is that of the part's canonical form.")
SIG_VALUE: Final = _rule("SIG-08", Code.SIGNATURE_INVALID, "The signature value verifies over the canonical SignedInfo with the signer's registered key.")
SIG_ALGORITHM: Final = _rule("SIG-09", Code.ALGORITHM_FORBIDDEN, "Signature, digest and canonicalization algorithms are in the list; SHA-1, MD5 and HMAC are not.")
SIG_TRANSFORM: Final = _rule("SIG-10", Code.ALGORITHM_FORBIDDEN, "Transforms are exclusive C14N, optionally after the enveloped-signature transform.")
SIG_LIMITS: Final = _rule("SIG-11", Code.SIGNATURE_INVALID, "References, tokens, prefixes and encoded values stay within the limits.")
SIG_KEY_INFO: Final = _rule("SIG-12", Code.SIGNATURE_INVALID, "KeyInfo refers to exactly one certificate, by a form the profile lists, inside the message or the registry.")
SIG_KEY_MATCH: Final = _rule("SIG-13", Code.ALGORITHM_FORBIDDEN, "The signature algorithm fits the registered certificate's key, and the key is strong enough.")
SIG_PREFIX: Final = _rule("SIG-14", Code.PART_NOT_SIGNED, "A prefix used in an xsi:type that the signature does not cover cannot choose between two types.")

# The certificate
CRT_KNOWN: Final = _rule("CRT-01", Code.CERTIFICATE_UNKNOWN, "The signing certificate is registered to a member.")
CRT_PATH: Final = _rule("CRT-02", Code.CERTIFICATE_UNKNOWN, "The certificate has a path to a configured anchor.")
CRT_EXPIRED: Final = _rule("CRT-03", Code.CERTIFICATE_EXPIRED, "The certificate has not expired.")
CRT_EARLY: Final = _rule("CRT-04", Code.CERTIFICATE_NOT_YET_VALID, "The certificate is already valid.")
CRT_REVOKED: Final = _rule("CRT-05", Code.CERTIFICATE_REVOKED, "The certificate is not revoked.")
CRT_USAGE: Final = _rule("CRT-06", Code.KEY_USAGE_FORBIDDEN, "The certificate is registered for signing and its key usage allows digital signatures.")
CRT_REVOCATION_UNKNOWN: Final = _rule("CRT-07", Code.REVOCATION_UNKNOWN, "The revocation state of the certificate is known, or last known within the grace period.")

# Time and replay
TIM_ONE: Final = _rule("TIM-01", Code.MALFORMED_MESSAGE, "The Security header has exactly one well-formed wsu:Timestamp with Created, and Expires after it.")
TIM_OLD: Final = _rule("TIM-02", Code.MESSAGE_EXPIRED, "The message is not expired: now is before Expires and within the window after Created, the allowed clock skew included.")
TIM_FUTURE: Final = _rule("TIM-03", Code.MESSAGE_EXPIRED, "Created is not in the future beyond the allowed clock skew.")
TIM_REPLAY: Final = _rule("TIM-04", Code.REPLAY, "A consumer's message id is used once: the bus remembers it for at least two days, and takes no message for as long; the same bytes again over its own TLS connection get the recorded answer.")
TIM_ID: Final = _rule("TIM-05", Code.MALFORMED_MESSAGE, "A message id is 1 to 256 visible characters.")

# Routing
RTE_RESOURCE: Final = _rule("RTE-01", Code.NO_SUCH_RESOURCE, "The resource is registered at this address.")
RTE_OPERATION: Final = _rule("RTE-02", Code.NO_SUCH_OPERATION, "The Body's element is the input of one of the resource's operations.")
RTE_SUSPENDED: Final = _rule("RTE-03", Code.RESOURCE_SUSPENDED, "The resource and the member that owns it are active.")
RTE_SUNSET: Final = _rule("RTE-04", Code.NO_SUCH_RESOURCE, "The resource's sunset has not come; afterwards its successor is to be asked.")

# Access
ACC_MEMBER: Final = _rule("ACC-01", Code.ACCESS_DENIED, "The consumer is an active member.")
ACC_GRANT: Final = _rule("ACC-02", Code.ACCESS_DENIED, "The consumer has a grant for the operation; without one the answer is no.")
ACC_TIME: Final = _rule("ACC-03", Code.ACCESS_DENIED, "The grant is in force now.")
ACC_CLIENT: Final = _rule("ACC-04", Code.ACCESS_DENIED, "A named client is a subsystem of the signer.")
ACC_FIELDS: Final = _rule("ACC-05", Code.PURPOSE_MISSING, "The exch:Exchange header carries every field that the grant requires.")
ACC_PURPOSE: Final = _rule("ACC-06", Code.ACCESS_DENIED, "A stated purpose is the one that the grant gives.")
ACC_QUOTA_SECOND: Final = _rule("ACC-07", Code.QUOTA_EXCEEDED, "The grant's quota per second is not used up.")
ACC_QUOTA_DAY: Final = _rule("ACC-08", Code.QUOTA_EXCEEDED, "The grant's quota per day is not used up.")
ACC_HEADER: Final = _rule("ACC-09", Code.MALFORMED_MESSAGE, "The exch:Exchange header, where present, stands once and has the form of its schema.")

# Judgement
SCH_REQUEST: Final = _rule("SCH-01", Code.SCHEMA_VIOLATION, "The request's Body is valid against the published schema.")
SCH_ANSWER: Final = _rule("SCH-02", Code.SCHEMA_VIOLATION, "The answer's Body is valid against the published schema.", blame=Blame.PROVIDER)

# The provider
PRV_CONNECT: Final = _rule("PRV-01", Code.PROVIDER_UNAVAILABLE, "The provider's endpoint accepts a connection.")
PRV_TIMEOUT: Final = _rule("PRV-02", Code.PROVIDER_TIMEOUT, "The provider answers within the resource's time limit.")
PRV_ANSWER: Final = _rule("PRV-03", Code.PROVIDER_FAULT, "The provider answers with a SOAP envelope that the message rules allow.")
PRV_SIGNATURE: Final = _rule("PRV-04", Code.PROVIDER_SIGNATURE_INVALID, "The provider's signature verifies where the resource demands it, and belongs to the member that owns it; a key that the bus keeps for the owner is at hand and counts.")
PRV_BREAKER: Final = _rule("PRV-05", Code.PROVIDER_UNAVAILABLE, "The provider has not failed so often just now that the bus gives it a pause.")
# Unlike PRV-01, the request may have been acted upon: to ask again blindly could do the thing twice.
PRV_BROKEN: Final = _rule("PRV-06", Code.PROVIDER_UNAVAILABLE, "The provider keeps the connection open until it has answered.", Retry.NO)
PRV_SIZE: Final = _rule("PRV-07", Code.PROVIDER_FAULT, "The provider's answer is no larger than the limit.")

# The bus itself
BUS_EVIDENCE: Final = _rule("BUS-01", Code.OVERLOADED, "What cannot be recorded does not happen: the evidence log must take the record first.")
BUS_LOAD: Final = _rule("BUS-02", Code.OVERLOADED, "The bus takes no more work than it can finish.")
BUS_ERROR: Final = _rule("BUS-03", Code.INTERNAL_ERROR, "An error of the bus is told as one, signed and recorded, and nothing more is done.")
BUS_STOPPING: Final = _rule("BUS-04", Code.OVERLOADED, "A bus that is shutting down takes no new requests.")
BUS_REGISTRY_OLD: Final = _rule("BUS-05", Code.OVERLOADED, "A node that follows the registry's signed snapshot serves only while its newest timestamp may be believed, grace included.")
BUS_UNDATED: Final = _rule("BUS-06", Code.OVERLOADED, "Where evidence.timestamp_limit_seconds is set, the bus takes a request only while no record has waited longer than that for a time-stamp.")
