"""Our own message on every partition of the intake: what a worker has written proves broker, worker and database."""

HEARTBEAT_KEY = b"\x00heartbeat"
"""No device's serial: serials are printable."""
HEARTBEAT_VALUE = b"heartbeat"


def is_heartbeat(key: bytes | None, value: bytes) -> bool:
    return key == HEARTBEAT_KEY and value == HEARTBEAT_VALUE
