"""The contract of a typed service that the bus hosts."""

from pathlib import Path
from tempfile import TemporaryDirectory

from esb.adapters.hosted.application import hosted_wsdl
from esb.adapters.hosted.find import find_service
from esb.kernel.contract import Contract
from esb.wsdl.read import read_contract


def hosted_contract(name: str) -> Contract:
    """The contract of a hosted service, made from its types and read like any provider's.

    Args:
        name: the hosted name, such as ``metadata``.

    Raises:
        HostedUnknown: no service of this name can be loaded.
        ContractRefused: its types make a WSDL that the bus does not serve.
    """
    octets = hosted_wsdl(find_service(name))
    with TemporaryDirectory(prefix="shluz-hosted-") as folder:
        document = Path(folder, "service.wsdl")
        document.write_bytes(octets)
        return read_contract(document)
