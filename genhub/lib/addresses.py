"""Addresses of clients: as a server or a proxy names them, and as lists of networks hold them."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

# Who holds one address of IPv6 holds so many.
SUBNET = 64


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text names, one of IPv4 in IPv6's clothes as itself; None for what is none."""
    host = text.strip().strip("[]")
    if host.count(":") == 1:
        # Some proxies add the port.
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(address: str) -> str:
    """Return what stands for an address: itself, of IPv6 its network; an empty string for what is none."""
    found = read_address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, SUBNET), strict=False))
    return str(found or "")


def read_network(text: str) -> IPv4Network | IPv6Network:
    """Return the network that a text names, an address alone being one; raise ValueError for what is none."""
    found = ip_network(text.strip())
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped:
        # No address is ever compared in these clothes.
        raise ValueError(text)
    return found


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Return whether an address lies in one of these networks; what is no address lies in none."""
    found = read_address(address)
    return found is not None and any(found in read_network(network) for network in networks)
