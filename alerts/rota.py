"""The rota: shifts are added all or none, with every fault of every one; and where nobody is on duty."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rota_cover import Stretch, gaps_of_any
from crimes.files.row_errors import Fault
from model.staff import WORK_ALERTS, StaffMember, StaffRole
from ops.errors import InputError
from store.clock import service_now
from store.database import Cursor
from store.rota import ROTA_ROLES, NewShift, StaffedTime, add_shifts, lock_rota, shifts_of, staffed
from store.staff import same_subjects, staff_of_subjects
from store.teams import list_teams

GAPS_AHEAD = timedelta(days=14)
LONG = timedelta(hours=24)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ShiftFault:
    """``place`` counts from 0 in the order given; ``field`` is role, subject, from or to."""

    place: int
    field: str
    value: str
    fault: Fault


class RotaRefusedError(InputError):
    """No shift was added; ``faults`` holds every reason."""

    def __init__(self, faults: Sequence[ShiftFault]) -> None:
        words = (
            f"shift {one.place + 1}, {one.field} {one.value!r}: {one.fault.problem}; {one.fault.remedy}"
            for one in faults
        )
        super().__init__("no shift was added:\n" + "\n".join(words))
        self.faults = tuple(faults)


def add_to_rota(cursor: Cursor, shifts: Sequence[NewShift], added_by: str) -> list[str]:
    """What to look at all the same, in words. Raises RotaRefusedError, and then none was added.

    Nobody puts themselves on it: who is on duty sees whoever has an open alert in the area.

    One subject has no two shifts of one role at a time: which of them ends would be anybody's guess. Several people may
    share a role, and one may hold two.
    """
    lock_rota(cursor)
    now = service_now(cursor)
    staff = staff_of_subjects(cursor, (one.subject for one in shifts))
    faults = [
        *_own_faults(shifts, staff, now),
        *_overlaps(cursor, shifts, now),
        *_of_areas(shifts, {one.team_id for one in list_teams(cursor)}),
        *_of_themselves(cursor, shifts, added_by),
    ]
    if faults:
        raise RotaRefusedError(sorted(faults, key=lambda one: one.place))
    add_shifts(cursor, shifts, added_by)
    return list(_warnings(shifts, staff))


def rota_gaps(cursor: Cursor, since: datetime, until: datetime) -> dict[StaffRole, list[Stretch]]:
    """By role, when nobody who is still here holds it, or nobody for some team."""
    teams = [one.team_id for one in list_teams(cursor)]
    return {
        role: gaps_of_any(_by_area(shifts, teams), since, until)
        for role, shifts in staffed(cursor, since, until).items()
    }


def _by_area(shifts: Sequence[StaffedTime], teams: Sequence[int]) -> list[list[Stretch]]:
    """When somebody is there for each team; once where every shift is for the whole service."""
    whole = [(one.starts_at, one.ends_at) for one in shifts if not one.area]
    if len(whole) == len(shifts):
        return [whole]
    return [[(one.starts_at, one.ends_at) for one in shifts if not one.area or team in one.area] for team in teams]


def _own_faults(shifts: Iterable[NewShift], staff: dict[str, StaffMember], now: datetime) -> Iterator[ShiftFault]:
    for place, one in enumerate(shifts):
        if one.role not in ROTA_ROLES:
            remedy = f"give one of {', '.join(ROTA_ROLES)}"
            yield ShiftFault(place, "role", one.role.value, Fault("the rota has no such role", remedy))
        if one.subject not in staff:
            remedy = "give the subject of somebody on the staff who has not left"
            yield ShiftFault(place, "subject", one.subject, Fault("there is no such member of staff", remedy))
        elif staff[one.subject].role not in WORK_ALERTS:
            problem = f"they are {staff[one.subject].role.value.replace('_', ' ')}, a role that sees no alerts"
            yield ShiftFault(
                place, "subject", one.subject, Fault(problem, "put somebody on the rota who may open them")
            )
        if one.ends_at <= one.starts_at:
            yield ShiftFault(place, "to", _text(one.ends_at), Fault("it ends before it starts", "exchange the two"))
        elif one.ends_at <= now:
            yield ShiftFault(place, "to", _text(one.ends_at), Fault("it is over already", "check the date"))
        elif one.ends_at - one.starts_at > LONGEST:
            problem = f"it is longer than {LONGEST.days} days"
            yield ShiftFault(place, "to", _text(one.ends_at), Fault(problem, "check the year"))


def _of_areas(shifts: Sequence[NewShift], teams: set[int]) -> Iterator[ShiftFault]:
    for place, one in enumerate(shifts):
        for unknown in sorted(set(one.teams) - teams):
            fault = Fault("there is no such team", "give ids of teams: `cordon staff teams` shows them")
            yield ShiftFault(place, "teams", str(unknown), fault)


def _of_themselves(cursor: Cursor, shifts: Sequence[NewShift], added_by: str) -> Iterator[ShiftFault]:
    own = same_subjects(cursor, added_by, [one.subject for one in shifts])
    for place, one in enumerate(shifts):
        if one.subject in own:
            fault = Fault("nobody puts themselves on the rota", "have another manager or an administrator do it")
            yield ShiftFault(place, "subject", one.subject, fault)


def _overlaps(cursor: Cursor, shifts: Sequence[NewShift], now: datetime) -> Iterator[ShiftFault]:
    """Each that begins before an earlier one of the same subject and role has ended, stored or given."""
    held: dict[tuple[str, StaffRole], list[tuple[datetime, datetime, int | None]]] = defaultdict(list)
    for stored in shifts_of(cursor, [one.subject for one in shifts], now):
        held[stored.subject, stored.role].append((stored.starts_at, stored.ends_at, None))
    for place, one in enumerate(shifts):
        if one.starts_at < one.ends_at:
            held[one.subject, one.role].append((one.starts_at, one.ends_at, place))
    for theirs in held.values():
        theirs.sort(key=lambda stretch: stretch[:2])
        latest: tuple[datetime, datetime, int | None] | None = None
        for stretch in theirs:
            if latest is not None and stretch[0] < latest[1]:
                given = stretch[2] if stretch[2] is not None else latest[2]
                if given is not None:
                    yield _overlap(given, shifts[given])
            if latest is None or stretch[1] > latest[1]:
                latest = stretch


def _overlap(place: int, shift: NewShift) -> ShiftFault:
    fault = Fault("they have that role then already", "end the other shift, or let this one begin after it")
    return ShiftFault(place, "from", _text(shift.starts_at), fault)


def _warnings(shifts: Iterable[NewShift], staff: dict[str, StaffMember]) -> Iterator[str]:
    for place, one in enumerate(shifts, start=1):
        member = staff[one.subject]
        if one.ends_at - one.starts_at > LONG:
            hours = (one.ends_at - one.starts_at) / timedelta(hours=1)
            yield f"shift {place}: {one.subject} is on duty for {hours:g} h in one go"
        if member.email is None and member.mobile is None:
            yield f"shift {place}: {one.subject} has neither e-mail nor mobile, so cannot be told of anything"


def _text(moment: datetime) -> str:
    return moment.isoformat()
