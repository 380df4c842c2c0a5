"""`python -m ops.healthcheck URL`: a container's health check, for an image without curl. Exits 0 on 200, else 1."""

import http.client
import sys
from http import HTTPStatus
from urllib.parse import urlsplit

TIMEOUT_S = 4.0  # below the 5 s that docker-compose.yml gives it


def is_healthy(url: str) -> bool:
    """Whether a GET of ``url``, plain HTTP, is answered with 200 in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
