"""One measured figure, as printed and as written to bench/results.json."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """``value`` is a median, ``spread`` the least and the greatest; a peer's figure is of the same run."""

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    peer: str | None
    peer_value: float | None
