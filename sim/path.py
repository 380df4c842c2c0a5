"""Where a wearer truly is: a closed path in longitude and latitude, walked again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.times import SECOND_US
from sim.plane import LonLat, Points, bearing_deg, distance_m


@dataclass(frozen=True, slots=True)
class TrueState:
    place: LonLat
    speed_mps: float
    heading_deg: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight stretch, or a stay where both ends are one place."""

    from_us: int
    until_us: int
    start: LonLat
    end: LonLat


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Corners and when each is reached, in microseconds since the start; straight in degrees between them.

    The first corner is reached at 0 and is the last one too; after ``period_us`` the path begins again.
    """

    times_us: NDArray[np.int64]  # strictly rising, shape (n,)
    corners: Points  # shape (n, 2)

    @property
    def period_us(self) -> int:
        return int(self.times_us[-1])

    def at(self, elapsed_us: int) -> TrueState:
        """Place, speed and heading at ``elapsed_us`` after the start."""
        within = elapsed_us % self.period_us
        leg = self.segment(int(np.searchsorted(self.times_us, within, side="right")) - 1)
        share = (within - leg.from_us) / (leg.until_us - leg.from_us)
        place = (
            leg.start[0] + share * (leg.end[0] - leg.start[0]),
            leg.start[1] + share * (leg.end[1] - leg.start[1]),
        )
        speed_mps = distance_m(leg.start, leg.end) * SECOND_US / (leg.until_us - leg.from_us)
        return TrueState(place, speed_mps, bearing_deg(leg.start, leg.end) if speed_mps else 0.0)

    def segment(self, index: int) -> Segment:
        """The stretch between corner ``index`` and the next, in the first round."""
        return Segment(
            int(self.times_us[index]), int(self.times_us[index + 1]), self._corner(index), self._corner(index + 1)
        )

    def segments(self) -> Iterator[Segment]:
        """Every stretch of one round."""
        return (self.segment(index) for index in range(len(self.times_us) - 1))

    def shifted(self, elapsed_us: int) -> "Path":
        """The same path, begun at the place that this one reaches at ``elapsed_us``."""
        within = elapsed_us % self.period_us
        here = np.array([self.at(within).place])
        later = self.times_us > within
        earlier = (self.times_us > 0) & (self.times_us < within)
        times = [np.array([0]), self.times_us[later] - within, self.times_us[earlier] + self.period_us - within]
        corners = [here, self.corners[later], self.corners[earlier]]
        if within:
            times.append(np.array([self.period_us]))
            corners.append(here)
        return Path(np.concatenate(times), np.concatenate(corners))

    def _corner(self, index: int) -> LonLat:
        return float(self.corners[index, 0]), float(self.corners[index, 1])
