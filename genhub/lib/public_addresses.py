"""Which addresses lie on the public internet: whatever a stranger names must, before it is dialled.

The lists are IANA's, and stand here since `ipaddress.is_global` takes some for public that are not: 6to4 and NAT64 of a
private address, site-local and IPv4-compatible ones, the host of Azure's virtual machines; and it differs by Python's
version.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

NOT_PUBLIC: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; connects to this machine
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata (100.100.100.200), Tailscale
            "127.0.0.0/8",  # this machine
            "168.63.129.16/32",  # Azure's host, a public address that never leaves the machine
            "169.254.0.0/16",  # link-local; metadata of most clouds (169.254.169.254)
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata (192.0.0.192)
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved; broadcast
        ),
    )
)
# The only part of IPv6 that is handed out. All else is not public, or holds an IPv4 address (::ffff:0:0/96, ::/96,
# 64:ff9b::/96) that a translator may take to wherever it lies.
GIVEN_OUT: Final = IPv6Network("2000::/3")
NOT_PUBLIC_OF_IT: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo (which holds an IPv4 address), ORCHID, benchmarks
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: holds an IPv4 address
            "3ffe::/16",  # the former test network
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(text: str) -> bool:
    """Return whether an IP address, as a resolver answers it, lies on the public internet."""
    address: IPv4Address | IPv6Address = ip_address(text)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    # With a zone (fe80::1%eth0) it is an address of one link.
    if address.scope_id or address not in GIVEN_OUT:
        return False
    return not any(address in network for network in NOT_PUBLIC_OF_IT)


# Of a machine or a network of one's own, whatever they resolve to; so is a name without a dot.
PRIVATE_ENDS: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def looks_private(host: str) -> bool:
    """Return whether a host, as it is written, cannot be meant to lie on the public internet; nobody is asked."""
    host = host.lower().rstrip(".")
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDS)
