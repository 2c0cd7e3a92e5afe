"""Every XML namespace and algorithm URI that the bus speaks, once."""

from typing import Final

# SOAP
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP11_NEXT: Final = "http://schemas.xmlsoap.org/soap/actor/next"
SOAP12_NEXT: Final = "http://www.w3.org/2003/05/soap-envelope/role/next"
SOAP12_ULTIMATE: Final = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
SOAP12_NONE: Final = "http://www.w3.org/2003/05/soap-envelope/role/none"

# WSDL 1.1 and its bindings
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL20: Final = "http://www.w3.org/ns/wsdl"
WSDL_SOAP11: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
WSDL_SOAP12: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
SOAP_OVER_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
WSAM: Final = "http://www.w3.org/2007/05/addressing/metadata"
WSAW: Final = "http://www.w3.org/2006/05/addressing/wsdl"
WSP: Final = "http://www.w3.org/ns/ws-policy"
WSSP: Final = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"

# XML Schema
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

# WS-Addressing: the Recommendation and the member submission that older .NET and Axis stacks still send
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSA_2004: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSA_ANONYMOUS: Final = "http://www.w3.org/2005/08/addressing/anonymous"
WSA_NONE: Final = "http://www.w3.org/2005/08/addressing/none"
WSA_2004_ANONYMOUS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

# WS-Security 1.0/1.1 (OASIS)
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSSE11: Final = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_X509: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
X509_V3: Final = _X509 + "#X509v3"
X509_PKI_PATH: Final = _X509 + "#X509PKIPathv1"
X509_PKCS7: Final = _X509 + "#PKCS7"
X509_SKI: Final = _X509 + "#X509SubjectKeyIdentifier"
_SMS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0"
BASE64_BINARY: Final = _SMS + "#Base64Binary"
STR_TRANSFORM: Final = _SMS + "#STR-Transform"
THUMBPRINT_SHA1: Final = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"

# XML Signature
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DS11: Final = "http://www.w3.org/2009/xmldsig11#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED_SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384: Final = "http://www.w3.org/2001/04/xmldsig-more#sha384"
SHA512: Final = "http://www.w3.org/2001/04/xmlenc#sha512"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA384: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
RSA_SHA512: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
RSA_PSS_SHA256: Final = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
RSA_PSS_SHA384: Final = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
RSA_PSS_SHA512: Final = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
RSA_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#rsa-pss"
ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ECDSA_SHA384: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
ECDSA_SHA512: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
EDDSA_ED25519: Final = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"

# Ours
EXCHANGE: Final = "urn:shluz:exchange:1"
BUS_ACTOR: Final = "urn:shluz:bus"
OWNER_ACTOR: Final = "urn:shluz:owner"
REGISTRY: Final = "urn:shluz:registry:1"
PARTICIPATION: Final = "urn:shluz:participation:1"
SUBJECTS: Final = "urn:shluz:subjects:1"
META: Final = "urn:shluz:meta:1"
EXTRACT: Final = "urn:shluz:extract:1"
