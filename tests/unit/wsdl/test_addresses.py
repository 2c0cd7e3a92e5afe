"""Which addresses a contract may be fetched from, in every notation of them."""

import ipaddress
from collections.abc import Sequence

import pytest

from esb.wsdl.addresses import AddressRules, choose_address, resolve_host
from esb.wsdl.refuse import Forbidden, NotFound

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]
PRIVATE = ["127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
NEVER = ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1", "::",
         "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254", "100.100.100.200",
         "fd00:ec2::254"]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_allowed(text: str) -> None:
    assert AddressRules().allows(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_need_the_operators_word(text: str) -> None:
    assert not AddressRules().allows(ipaddress.ip_address(text))
    assert AddressRules(allow_private=True).allows(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", NEVER)
def test_metadata_and_link_local_stay_closed(text: str) -> None:
    assert not AddressRules(allow_private=True).allows(ipaddress.ip_address(text))


def test_a_named_network_is_open() -> None:
    rules = AddressRules(networks=(ipaddress.ip_network("10.20.0.0/16"),))
    assert rules.allows(ipaddress.ip_address("10.20.1.1"))
    assert rules.allows(ipaddress.ip_address("::ffff:10.20.1.1"))
    assert not rules.allows(ipaddress.ip_address("10.21.1.1"))


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "localhost", "0", "::ffff:7f00:1"])
def test_every_notation_of_loopback_is_seen(host: str) -> None:
    with pytest.raises((Forbidden, NotFound)):
        choose_address(host, 80, AddressRules())


def test_one_bad_address_among_good_ones_is_enough() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return [PUBLIC[0], "10.0.0.1"]

    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        choose_address("mixed.example", 80, AddressRules(), resolve)


def test_hosts_without_an_address() -> None:
    with pytest.raises(NotFound):
        resolve_host("nothing.invalid", 80)
    with pytest.raises(NotFound):
        choose_address("empty.example", 80, AddressRules(), lambda host, port: [])
