"""A contract as one zip that needs no network: WSDLs, schemas and a word on how to begin."""

import io
import zipfile
from typing import Final

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.wsdl.documents import SCHEMA, open_document
from esb.wsdl.publish import publish_wsdl

# A zip keeps times; one that never changes keeps the same contract's zip the same.
_TIME: Final = (1980, 1, 1, 0, 0, 0)

_README: Final = """{service}
{underline}

Address: {address}

service.wsdl          SOAP 1.1: the file to import first
service-soap12.wsdl   SOAP 1.2
service-policy.wsdl   SOAP 1.1 with WS-SecurityPolicy, for stacks that sign by themselves (CXF, Metro, WCF)
*.xsd                 the schemas as the provider wrote them; every reference among them is a name in this folder

Operations
{operations}

Every request is signed with your agency's X.509 certificate (WS-Security): Body and Timestamp, and every WS-Addressing
header that you send.  Exclusive canonicalization, SHA-256, RSA-SHA256 or ECDSA-SHA256; SHA-1 is refused.  Every answer
and every fault comes back signed: verify it.
"""


def bundle_zip(contract: Contract, service: ServiceId, address: str) -> bytes:
    """A closed zip of the contract; the same contract gives the same documents in the same order.

    Args:
        address: the resource's public URL, from configuration.
    """
    files = {
        "README.txt": _readme(contract, service, address).encode(),
        "service.wsdl": publish_wsdl(contract, service, address, SoapVersion.V11, apart=""),
        "service-soap12.wsdl": publish_wsdl(contract, service, address, SoapVersion.V12, apart=""),
        "service-policy.wsdl": publish_wsdl(contract, service, address, SoapVersion.V11, policy=True, apart=""),
    }
    files |= {name: data for name, data in contract.documents.items() if open_document(data, name).tag == SCHEMA}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, data)
    return buffer.getvalue()


def _readme(contract: Contract, service: ServiceId, address: str) -> str:
    operations = "\n".join(
        f"  {operation.name}: {operation.input or 'an empty Body'}"
        + ("" if operation.output is None else f" -> {operation.output or 'an empty Body'}")
        for operation in contract.operations
    )
    return _README.format(
        service=service.text, underline="=" * len(service.text), address=address, operations=operations
    )
