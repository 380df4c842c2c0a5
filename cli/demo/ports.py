"""Ports of this machine's loopback address."""

import socket

from ops.errors import InputError

LOOPBACK = "127.0.0.1"


def choose_port(wanted: int | None, usual: int) -> tuple[int, bool]:
    """The port to listen on, and whether the usual one had to be passed over.

    A port that was asked for and is busy is an error; where the usual one is busy, a free one does.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise InputError(
                f"port {wanted} is busy: stop what listens there, or give another with --port (0 picks a free one)"
            )
        return wanted or free_port(), False
    if is_free(usual):
        return usual or free_port(), False
    return free_port(), True


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As a server does: a connection of the run before that is still fading is no reason.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
