"""Which addresses a webhook may be posted to: none inside our own network, unless the service names it.

A receiver's URL is given from outside. Without this, it could make the service ask its own database's or its cloud's
management addresses (server-side request forgery).
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ops.errors import InputError, UnavailableError

LONGEST_URL = 2000
HTTPS_PORT = 443
HTTP_PORT = 80
LARGEST_PORT = 65535
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """``networks`` are those that may be posted to although they are not public; ``allow_http``: plain HTTP to
    loopback addresses, and those addresses, for trials on one machine.
    """

    networks: tuple[Network, ...] = ()
    allow_http: bool = False

    def permits(self, address: Address) -> bool:
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is not None:
                return self.permits(address.ipv4_mapped)
            if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
                return False  # an address within the address
        if self.allow_http and address.is_loopback:
            return True
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
            return False  # fec0::/10, which is_global takes for public
        return address.is_global and not address.is_multicast and not address.is_reserved


def check_url(url: str, reach: Reach) -> SplitResult:
    """The parts of a URL that may be posted to, as far as its text says. Raises InputError with the remedy."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InputError(f"give the URL in at most {LONGEST_URL} ASCII characters without blanks")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputError("this is no URL: give one such as https://receiver.example/alerts") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise InputError("give a URL that begins with https:// and names a host")
    if port == 0:
        raise InputError("give a port from 1 to 65535, or none")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError("leave user, password and #fragment out of the URL: the signature says who sends")
    if parts.scheme == "http" and not reach.allow_http:
        raise InputError("give a URL that begins with https://: what is sent must not be read on the way")
    return parts


def find_addresses(parts: SplitResult, reach: Reach) -> list[tuple[str, int]]:
    """The addresses behind a checked URL that may be posted to, with the port.

    Raises InputError when one of them may not, for whoever answers for the name could choose which is asked, and
    UnavailableError when the name is not known now.
    """
    host = parts.hostname or ""
    port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnavailableError("the host's name is not known now") from None
    texts = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for text in texts:
        address = ipaddress.ip_address(text)
        if not reach.permits(address):
            raise InputError(
                "the host has an address that is not public: give one that is, or name its network in"
                " CORDON_WEBHOOK_NETWORKS"
            )
        if parts.scheme == "http" and not address.is_loopback:
            raise InputError("plain http:// is for loopback addresses only: give a URL that begins with https://")
    return [(text, port) for text in texts]
