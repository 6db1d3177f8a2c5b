"""Which addresses may be connected to: public ones, and those the settings list.

An address is judged by every address it can stand for: an IPv4 address inside an IPv6 one counts as well, whichever way it
is put there. What is neither clearly public nor listed is refused. Read `http_transport.py` next.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, final

import attrs

from runtime.errors import DefinitionError, shown

__all__ = ["AddressRule", "are_networks"]

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network
_TRANSLATED: Final = ip_network("64:ff9b::/96")
"""The prefix under which a translator reaches IPv4."""


def are_networks(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    """
    Accept addresses and networks, such as `10.1.0.0/16` and `127.0.0.1`.
    """
    for text in value:
        try:
            ip_network(text)
        except ValueError as error:
            raise DefinitionError(
                f"{field.name} holds {shown(text)}",
                where=field.name,
                remedy="list addresses and networks without host bits, such as 10.1.0.0/16 and 127.0.0.1",
            ) from error


def _as_networks(texts: Iterable[str]) -> tuple[_Network, ...]:
    return tuple(ip_network(text) for text in texts)


@final
@attrs.frozen
class AddressRule:
    """
    Says whether an address may be connected to. `listed` are networks that may, though they are not public.
    """

    listed: tuple[_Network, ...] = attrs.field(default=(), converter=_as_networks)

    def allows(self, text: str) -> bool:
        """
        Tell whether an address may be connected to; what is none may not.
        """
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return all(_is_public(one) or self._lists(one) for one in _meanings(address)) or self._lists(address)

    def _lists(self, address: _Address) -> bool:
        return any(address.version == network.version and address in network for network in self.listed)


def _meanings(address: _Address) -> Iterator[_Address]:
    """
    Give the addresses one stands for: that inside, where it only carries one, else itself and what it leads to.
    """
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in _TRANSLATED:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
        return
    yield address
    yield from (one for one in (address.sixtofour, *(address.teredo or ())) if one is not None)


def _is_public(address: _Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and (address.is_site_local or address.scope_id is not None))
    )
