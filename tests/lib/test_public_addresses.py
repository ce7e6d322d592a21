"""Nothing that is not public passes for it, up to the last address of each network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from genhub.lib.public_addresses import is_public

# The first and the last address of each.
NETWORKS = {
    "this network": ("0.0.0.0", "0.255.255.255"),  # noqa: S104 (an address)
    "private 10": ("10.0.0.0", "10.255.255.255"),
    "carriers' NAT": ("100.64.0.0", "100.127.255.255"),
    "Alibaba's metadata": ("100.100.100.200", "100.100.100.200"),
    "this machine": ("127.0.0.0", "127.255.255.255"),
    "Azure's host": ("168.63.129.16", "168.63.129.16"),
    "link-local": ("169.254.0.0", "169.254.255.255"),
    "metadata": ("169.254.169.254", "169.254.169.254"),
    "private 172": ("172.16.0.0", "172.31.255.255"),
    "assignments": ("192.0.0.0", "192.0.0.255"),
    "Oracle's metadata": ("192.0.0.192", "192.0.0.192"),
    "documentation 1": ("192.0.2.0", "192.0.2.255"),
    "6to4 relays": ("192.88.99.0", "192.88.99.255"),
    "private 192": ("192.168.0.0", "192.168.255.255"),
    "benchmarks": ("198.18.0.0", "198.19.255.255"),
    "documentation 2": ("198.51.100.0", "198.51.100.255"),
    "documentation 3": ("203.0.113.0", "203.0.113.255"),
    "multicast": ("224.0.0.0", "239.255.255.255"),
    "reserved": ("240.0.0.0", "255.255.255.254"),
    "broadcast": ("255.255.255.255", "255.255.255.255"),
    "unspecified, loopback, compatible": ("::", "::ffff:ffff"),
    "mapped": ("::ffff:0:0", "::ffff:ffff:ffff"),
    "mapped public": ("::ffff:8.8.8.8", "::ffff:8.8.8.8"),
    "NAT64": ("64:ff9b::", "64:ff9b::ffff:ffff"),
    "NAT64 of one's own": ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    "discard": ("100::", "100::ffff:ffff:ffff:ffff"),
    "Teredo and assignments": ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "documentation 4": ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    "6to4": ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "former tests": ("3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "documentation 5": ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "segment routing": ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "not given out": ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "unique local": ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "Amazon's metadata": ("fd00:ec2::254", "fd00:ec2::254"),
    "link-local 6": ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "site-local": ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "multicast 6": ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
}
# What lies right beside them, and some that everybody knows.
PUBLIC = [
    "1.0.0.0",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2003::",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
    "3fff:ffff::",
]


@pytest.mark.parametrize(("first", "last"), NETWORKS.values(), ids=NETWORKS)
def test_what_is_not_public_is_told(first: str, last: str) -> None:
    middle = str(ip_address((int(ip_address(first)) + int(ip_address(last))) // 2))
    if ":" in first and ":" not in middle:
        middle = str(IPv6Address((int(ip_address(first)) + int(ip_address(last))) // 2))
    assert [text for text in (first, middle, last) if is_public(text)] == []


@pytest.mark.parametrize("text", PUBLIC)
def test_what_lies_beside_is_public(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1111%1", "::1%lo"])
def test_an_address_of_one_link_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(some.integers(0, 2**32 - 1).map(IPv4Address) | some.integers(0, 2**128 - 1).map(IPv6Address))
@example(IPv6Address("2001:db8::1"))
@example(IPv4Address("192.0.0.170"))
def test_whatever_python_calls_internal_is_not_public(address: IPv4Address | IPv6Address) -> None:
    assert address.is_global or not is_public(str(address))


@given(
    some.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"]),
    some.integers(0),
)
def test_no_transition_hides_a_private_address(network: str, number: int) -> None:
    hidden = int(ip_network(network)[0]) + number % ip_network(network).num_addresses
    forms = [
        IPv6Address(hidden),
        IPv6Address((0xFFFF << 32) + hidden),
        IPv6Address((0x64FF9B << 96) + hidden),
        IPv6Address((0x2002 << 112) + (hidden << 80)),
        IPv6Address((0x20010000 << 96) + (hidden ^ 0xFFFFFFFF)),
    ]
    assert [str(form) for form in forms if is_public(str(form))] == []
