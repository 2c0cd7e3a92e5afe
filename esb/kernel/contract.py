"""A contract: a provider's WSDL with every document that it needs, closed, as frozen values.

``esb/wsdl`` reads and publishes it, ``esb/schemas`` compiles and judges by it, ``esb/registry`` keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from esb.kernel.directory import Operation
from esb.kernel.soap import SoapVersion


@dataclass(frozen=True, slots=True)
class Contract:
    """A closed set of documents and what was read from them.

    Attributes:
        documents: by flat file name (``service.wsdl``, ``types.xsd``); every reference in one (wsdl:import location,
            xsd:import/include/redefine schemaLocation) is the name of another in the set, or absent.  Otherwise each
            is as the provider wrote it.  Schemas that stood inline in a WSDL's types stay there *and* are given as
            documents of their own, with the namespace declarations they had inherited.
        main: name of the WSDL document that was registered.
        schemas: names of the schema documents that the WSDL's types hold or import directly, in document order;
            everything else hangs on these.
        namespace: the WSDL's target namespace.
        service_name, port_type: local names, for the published WSDL.
        operations: in document order.
        faults: by operation name, the Clark names of declared fault detail elements.
        provider_versions: SOAP versions that the provider's bindings offer.
        endpoint: the address of the first SOAP port, "" when it declares none.
    """

    documents: Mapping[str, bytes]
    main: str
    schemas: tuple[str, ...]
    namespace: str
    service_name: str
    port_type: str
    operations: tuple[Operation, ...]
    faults: Mapping[str, tuple[str, ...]]
    provider_versions: frozenset[SoapVersion]
    endpoint: str
