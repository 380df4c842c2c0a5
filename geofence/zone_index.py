"""Which zones is each position in? The mutable cache that one worker holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from geofence.authorisations import Authorisations
from geofence.columns import Booleans, Floats, Integers, Points, Ways
from geofence.confidence import probability_inside
from geofence.owner_rows import OwnerRows, grouped_by_owner
from geofence.projection import Projection
from geofence.schedules import ScheduleClock
from geofence.shapes import TOO_FAR, TOO_FAR_REMEDY, OffThePlaneError, ZoneShapes, off_the_plane, zone_shapes
from geofence.shared_rows import SharedRows
from geofence.zone_table import ZoneTable
from model.authorisations import Authorisation
from model.enums import Regime
from model.zones import ZoneVersion

NO_ROW = -1
REGIMES = (Regime.IN_FORCE, Regime.AUTHORISED, Regime.NOT_IN_FORCE)
IN_FORCE, AUTHORISED, NOT_IN_FORCE = range(3)
NOBODY = -1
"""The ``person_id`` of a position whose device was on nobody: it is checked against no zone at all."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Pairs of a position and a zone version that covers it, ordered by (position, row)."""

    position: Integers
    row: Integers


class ZoneIndex:
    """Own zones by their owner, shared zones by their box; both then tested exactly, boundary included.

    For one thread. Rows are stable from one ``apply`` or ``forget_people`` to the next.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self._table = ZoneTable()
        self._rows: dict[tuple[int, int], int] = {}  # (zone_id, version) to row
        self._owners = OwnerRows()
        self._zones = OwnerRows()  # the rows of each zone
        self._authorisations = Authorisations()
        self._clocks: dict[int, ScheduleClock] = {}  # by the place of the schedule in the table
        self._shared = SharedRows()
        self._loaded: set[int] = set()

    def __len__(self) -> int:
        """How many zone versions are held."""
        return len(self._rows)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a ZoneIndex cannot be pickled or copied: the R-tree inside would come back empty without a "
            "word; build a new one and apply the zone versions to it"
        )

    def apply(self, versions: Iterable[ZoneVersion]) -> None:
        """Hold these versions, each in place of the one with the same (zone_id, version), in any order.

        The cost is that of the versions given, not of those held. Says nothing about whether all zones of
        a person are here: ``mark_loaded`` does. Raises OffThePlaneError, with nothing changed, where a zone
        is too far from the centre for the plane to be of use.
        """
        latest = {(one.zone_id, one.version): one for one in versions}
        new = [one for key, one in latest.items() if self._held(key) != one]
        shapes = self._shapes(new)
        self._drop([row for one in new if (row := self._rows.get((one.zone_id, one.version))) is not None])
        rows = self._table.add(new, shapes)
        self._rows.update(((one.zone_id, one.version), row) for one, row in zip(new, rows, strict=True))
        self._add_own([(one.person_id, row) for one, row in zip(new, rows, strict=True) if one.person_id is not None])
        shared = [row for one, row in zip(new, rows, strict=True) if one.person_id is None]
        self._shared.add(shared, [self._table.reach(row) for row in shared])
        self._file_by_zone([(one.zone_id, row) for one, row in zip(new, rows, strict=True)])

    def forget_people(self, person_ids: Iterable[int]) -> None:
        """Drop the own zones of these people, and that they were loaded; for a partition that was revoked."""
        for person_id in person_ids:
            for row in self._owners.rows(person_id):
                version = self._table.version(row)
                del self._rows[version.zone_id, version.version]
                self._zones.forget(version.zone_id)
                self._table.drop(row)
            self._owners.forget(person_id)
            self._authorisations.forget_person(person_id)
            self._loaded.discard(person_id)

    def mark_loaded(self, person_ids: Iterable[int]) -> None:
        """Note that every zone version of these people has been applied, even where that is none."""
        self._loaded.update(person_ids)

    def people(self) -> frozenset[int]:
        """The people marked as loaded."""
        return frozenset(self._loaded)

    def match(self, person_id: Integers, points: Points, fix_time_us: Integers) -> Hits:
        """The zone versions that cover each position; all arguments of shape (n,).

        ``person_id`` is NOBODY where there is no wearer; ``points`` are on the index's projection, NaN
        matching nothing; ``fix_time_us`` is microseconds since 1970 UTC. A hit is a version of the person's
        own zones or of a shared zone, valid at the fix time and within its condition's dates.
        """
        if not len(person_id) == len(points) == len(fix_time_us):
            raise ValueError("person_id, points and fix_time_us must be columns of one length")
        position, row = self._candidates(person_id, points)
        in_time = self._table.at_time(row, fix_time_us[position])
        position, row = position[in_time], row[in_time]
        covered = self._table.covers(row, points.take(position))
        position, row = position[covered], row[covered]
        order = np.lexsort((row, position))
        return Hits(position[order], row[order])

    def near(self, person_id: Integers, points: Points, ways: Ways, fix_time_us: Integers) -> Hits:
        """The zone versions that each position, or the way to it, may touch; all arguments of shape (n,).

        A superset of what ``match`` finds, by boxes alone: with buffers, with the straight way from the position
        before, and with every zone whose absence is watched. Within dates and hours.
        """
        own_position, own_row = self._owners.pairs(person_id)
        near = self._table.in_reach(own_row, ways.take(own_position))
        worn = np.flatnonzero((person_id != NOBODY) & np.isfinite(points.x))
        shared_position, shared_row = self._shared.pairs_on_the_way(ways.take(worn))
        position = np.concatenate([own_position[near], worn[shared_position]])
        row = np.concatenate([own_row[near], shared_row])
        in_time = self._table.at_time(row, fix_time_us[position]) & self._in_hours(row, fix_time_us[position])
        return Hits(position[in_time], row[in_time])

    def rows_at(self, zone_id: Integers, fix_time_us: Integers) -> Integers:
        """The row of each zone's version at each fix time, shape (k,); NO_ROW where none is valid or within dates."""
        found = np.full(len(zone_id), NO_ROW)
        pair, row = self._zones.pairs(zone_id)
        in_time = self._table.at_time(row, fix_time_us[pair])
        found[pair[in_time]] = row[in_time]
        return found

    def apply_authorisations(self, authorisations: Iterable[Authorisation]) -> None:
        """Hold these, each in place of the one with the same identifier."""
        for one in authorisations:
            self._authorisations.put(one)

    def regimes(self, person_id: Integers, row: Integers, fix_time_us: Integers) -> Integers:
        """What holds for each person in each row's zone at each fix time: places in ``REGIMES``, shape (k,)."""
        regime = np.full(len(row), IN_FORCE)
        regime[~self._in_hours(row, fix_time_us)] = NOT_IN_FORCE
        may_be = np.flatnonzero(np.isin(person_id, self._authorisations.people) & (regime == IN_FORCE))
        zone_id = self._table.zone_id(row[may_be])
        pairs = zip(person_id[may_be].tolist(), zone_id.tolist(), fix_time_us[may_be].tolist(), strict=True)
        lifted = np.fromiter((self._authorisations.covers(*one) for one in pairs), np.bool_, count=len(may_be))
        regime[may_be[lifted]] = AUTHORISED
        return regime

    def covers(self, row: Integers, points: Points) -> Booleans:
        """Whether each position is in its row's shape or on its boundary, whatever the time; shapes (k,)."""
        return self._table.covers(row, points)

    @property
    def table(self) -> ZoneTable:
        """The versions as columns, by row."""
        return self._table

    def is_disclosed(self, zone_id: int, version: int) -> bool:
        """Whether the wearer has been told of the zone. Raises KeyError for a version that is not held."""
        return self._table.version(self._rows[zone_id, version]).is_disclosed

    def version(self, row: int) -> ZoneVersion:
        """The version in ``row``. Raises KeyError where there is none."""
        return self._table.version(row)

    def depth_m(self, row: Integers, points: Points) -> Floats:
        """Signed distance in metres from each position to the boundary of its row's zone; shapes (k,).

        Positive inside, and the edge of a hole is boundary. True to 1 cm on the plane, with the sign that
        ``match`` decides: never negative for a hit. NaN for a position that is not finite.
        """
        return self._table.depth_m(row, points, self.projection)

    def probability_inside(
        self, row: Integers, points: Points, depth_m: Floats, accuracy_m: Floats, mechanism: Integers
    ) -> Floats:
        """The probability that each tag truly was inside its row's zone, 0 to 1; shapes (k,).

        ``depth_m`` as from ``depth_m``, ``accuracy_m`` as stated; how and how well is said in ``confidence``.
        """
        return probability_inside(self._table, row, points, depth_m, accuracy_m, mechanism)

    def _shapes(self, versions: Sequence[ZoneVersion]) -> ZoneShapes:
        shapes = zone_shapes([one.geometry for one in versions], self.projection)
        for at in np.flatnonzero(off_the_plane(shapes.box, self.projection)).tolist():
            one = versions[at]
            raise OffThePlaneError(f"zone {one.reference}, version {one.version}: {TOO_FAR}: {TOO_FAR_REMEDY}")
        return shapes

    def _held(self, key: tuple[int, int]) -> ZoneVersion | None:
        row = self._rows.get(key)
        return None if row is None else self._table.version(row)

    def _drop(self, rows: list[int]) -> None:
        owned: dict[int, set[int]] = {}
        for row in rows:
            owner = self._table.version(row).person_id
            if owner is None:
                self._shared.drop(row)
            else:
                owned.setdefault(owner, set()).add(row)
            self._unfile(row)
            self._table.drop(row)
        for owner, gone in owned.items():
            self._owners.replace(owner, [row for row in self._owners.rows(owner) if row not in gone])

    def _in_hours(self, row: Integers, fix_time_us: Integers) -> Booleans:
        """Whether each row's schedule, if it has one, is in force at each fix time; one look a schedule."""
        schedule = self._table.schedule(row)
        schedules = self._table.schedules
        in_hours = np.ones(len(row), np.bool_)
        for one in np.unique(schedule[schedule != 0]).tolist():
            at = np.flatnonzero(schedule == one)
            clock = self._clocks.setdefault(one, ScheduleClock(schedules[one]))
            in_hours[at] = clock.in_force(fix_time_us[at])
        return in_hours

    def _file_by_zone(self, zones_and_rows: list[tuple[int, int]]) -> None:
        for zone_id, more in grouped_by_owner(zones_and_rows).items():
            self._zones.replace(zone_id, self._zones.rows(zone_id) + more)

    def _unfile(self, row: int) -> None:
        zone_id = self._table.version(row).zone_id
        self._zones.replace(zone_id, [one for one in self._zones.rows(zone_id) if one != row])

    def _add_own(self, owners_and_rows: list[tuple[int, int]]) -> None:
        for owner, more in grouped_by_owner(owners_and_rows).items():
            self._owners.replace(owner, self._owners.rows(owner) + more)

    def _candidates(self, person_id: Integers, points: Points) -> tuple[Integers, Integers]:
        own_position, own_row = self._owners.pairs(person_id)
        near = self._table.in_box(own_row, points.lon[own_position], points.lat[own_position])
        worn = np.flatnonzero(person_id != NOBODY)
        shared_position, shared_row = self._shared.pairs(points.lon[worn], points.lat[worn])
        return (
            np.concatenate([own_position[near], worn[shared_position]]),
            np.concatenate([own_row[near], shared_row]),
        )
