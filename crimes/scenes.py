"""What matching works on: scenes, and the tracks of the wearers who may have been there, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from geofence.columns import Integers, PositionRows
from model.crimes import Window


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when to look: a crime version, or a search for one place and window."""

    scene_id: int  # the crime version's, or 0
    lat: float  # WGS84 degrees
    lon: float
    place_uncertainty_m: float
    windows: tuple[Window, ...]  # not padded

    @property
    def hull(self) -> Window:
        return Window(min(one.from_us for one in self.windows), max(one.to_us for one in self.windows))


@dataclass(frozen=True, slots=True)
class Worn:
    """A stretch in which a person wore a device: ``[from_us, until_us)``; FOREVER_US where it goes on."""

    activation_id: int
    device_id: int
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class CandidateTracks:
    """Those who may have been at each scene: ``p`` pairs of a scene and a person, ``n`` positions in all.

    The positions of pair ``i`` are rows ``start[i]`` to ``start[i + 1]``, in the order of (fix time, fix key), of
    whatever devices the person wore: all in the padded windows' hull, the last usable one before it and the first
    usable one after it, with what lies between.
    """

    scene: Integers  # (p,) place in the list of scenes
    person: Integers  # (p,)
    start: Integers  # (p + 1,)
    rows: PositionRows  # (n,)
    worn: dict[int, tuple[Worn, ...]]  # by person: every activation that touches a window or the rows
    # By person: when, about the windows, a tag was worn and nothing let its positions be looked at. The rows have none.
    unmonitored: Mapping[int, tuple[Window, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scene)


@dataclass(frozen=True, slots=True)
class Candidates:
    """``population`` has, for each scene, how many people wore a device at some time of its padded windows.

    ``not_monitored`` has, for each scene, those of them of whom nothing let a position in its padded windows be looked
    at: nothing can be said of them.

    Whoever else is not among the tracks is absent: with a position at least every SHORT_GAP_S, all of them usable
    and too far away for a journey at the plausible speed by way of the scene. So a candidate is also whose strap was
    open at some time of the padded windows (the tag may have lain at home), and whose positions about them were
    farther apart than the plausible speed allows: one was an outlier, or the wearer faster than is reckoned with.
    """

    tracks: CandidateTracks
    population: Integers  # (number of scenes,)
    not_monitored: Sequence[Integers]  # by scene: people
