"""docker-compose.yml as its tests read it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
HEALTH_PORTS = {
    "api": "CORDON_API_PORT",
    "worker": "CORDON_WORKER_HEALTH_PORT",
    "deliver": "CORDON_DELIVER_HEALTH_PORT",
    "watch": "CORDON_WATCH_HEALTH_PORT",
    "match": "CORDON_MATCH_HEALTH_PORT",
    "duty": "CORDON_DUTY_HEALTH_PORT",
    "seal": "CORDON_SEAL_HEALTH_PORT",
}
"""The setting of the port that each long-running service of ours tells its health on."""
INTERPOLATION = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::[-?][^}]*)?\}")


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document()["services"]
    return found


def bind_mounts() -> Iterator[tuple[str, str]]:
    """(service, path in the repository) of each mount of a file of ours."""
    for name, service in services().items():
        for volume in service.get("volumes", []):
            source = volume.split(":", maxsplit=1)[0]
            if source.startswith((".", "/")):
                yield name, source


def interpolated() -> set[str]:
    """The variables that the file takes from .env."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return {found["name"] for found in INTERPOLATION.finditer(text)}
