"""Which addresses may be fetched from: the door against server-side request forgery.

A name is resolved once, every address it has is judged, and the connection goes to the judged address itself, so
that a name cannot answer otherwise the second time.  Judging the resolved address covers every notation of it.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from esb.wsdl.refuse import Forbidden, NotFound, shown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
# A cloud's metadata service answers here; an agency's contract never lies there.
_NEVER: tuple[Network, ...] = (
    ipaddress.IPv4Network("169.254.0.0/16"),
    ipaddress.IPv4Network("0.0.0.0/8"),
    ipaddress.IPv4Network("240.0.0.0/4"),
    ipaddress.IPv4Network("100.100.100.200/32"),
    ipaddress.IPv6Network("fe80::/10"),
    ipaddress.IPv6Network("fd00:ec2::254/128"),
    ipaddress.IPv6Network("::/128"),
)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What an operator allows.

    Attributes:
        allow_private: also loopback and private networks.  Link-local, metadata and multicast stay refused.
        networks: networks allowed whatever they are.
    """

    allow_private: bool = False
    networks: tuple[Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Whether a connection to this address may be made."""
        inner = _embedded(address)
        if any(inner.version == network.version and inner in network for network in self.networks):
            return True
        if inner.is_multicast or any(inner.version == net.version and inner in net for net in _NEVER):
            return False
        return inner.is_global or (self.allow_private and (inner.is_private or inner.is_loopback))


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that leads to it, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Every address of a host, by the system's resolver.  Raises :class:`NotFound`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFound(f"the host {shown(host)} has no address: check the URL") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def choose_address(host: str, port: int, rules: AddressRules, resolve: Resolve = resolve_host) -> str:
    """The address to connect to for ``host``.

    Raises:
        NotFound: the host has none.
        Forbidden: any one of its addresses is not allowed.
    """
    texts = resolve(host, port)
    for text in texts:
        try:
            address = ipaddress.ip_address(text.split("%")[0])
        except ValueError:
            raise Forbidden(f"the host {shown(host)} has an address that is none: {shown(text)}") from None
        if not rules.allows(address):
            raise Forbidden(
                f"the host {shown(host)} leads to {address}, which is not a public address: allow private addresses "
                "or name the network when the provider really is there, or register from a downloaded file"
            )
    if not texts:
        raise NotFound(f"the host {shown(host)} has no address: check the URL")
    return texts[0]
