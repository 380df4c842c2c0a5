"""Which hosts are this machine itself, so that nothing of what is said to them is on a network."""

import ipaddress


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
