"""Who holds each role for one alert, at one time: of those who see its person, for whoever is told can open it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.escalation import has_address
from model.enums import Severity
from model.notices import NoticeChannel
from model.staff import WORK_ALERTS, StaffMember, StaffRole
from store.covers import covering
from store.database import Cursor
from store.rota import OnDuty, holders_on_duty
from store.staff import staff_of_role, staff_of_subjects


@dataclass(frozen=True, slots=True)
class Roster:
    """``members`` are those who were asked for, by subject; the rest is everybody's.

    ``covers`` holds for a practitioner who is covered now whoever covers them.
    """

    duty_officers: Sequence[OnDuty]
    managers_on_duty: Sequence[OnDuty]
    managers: Sequence[StaffMember]
    members: Mapping[str, StaffMember]
    covers: Mapping[str, Sequence[StaffMember]] = field(default_factory=dict)

    def holders(
        self, practitioner: str | None, teams: frozenset[int], given_to: str | None = None
    ) -> dict[StaffRole, Sequence[StaffMember]]:
        """Of every role. Who covers the practitioner goes before them, ``given_to`` in the place of both.

        The manager on the rota goes before the team's own.
        """
        first = self.members.get(given_to or practitioner or "")
        covering_them = [] if given_to is not None else self.covers.get(practitioner or "", ())
        on_duty = [one.member for one in self.managers_on_duty if one.is_for(teams)]
        return {
            **dict.fromkeys(StaffRole, ()),  # no alert is shown to other roles
            StaffRole.PRACTITIONER: (*covering_them, *([] if first is None else [first])),
            StaffRole.DUTY_OFFICER: [one.member for one in self.duty_officers if one.is_for(teams)],
            StaffRole.MANAGER: on_duty or self.managers_of(teams),
        }

    def managers_of(self, teams: frozenset[int]) -> Sequence[StaffMember]:
        """The teams' own or, where they have none, all that there are: as ``team_caseload`` of the database."""
        of_teams = [one for one in self.managers if one.team_id in teams]
        return of_teams or self.managers


def load_roster(cursor: Cursor, at: datetime, subjects: Iterable[str]) -> Roster:
    wanted = sorted(set(subjects))
    members = staff_of_subjects(cursor, wanted)
    return Roster(
        holders_on_duty(cursor, StaffRole.DUTY_OFFICER, at),
        holders_on_duty(cursor, StaffRole.MANAGER, at),
        staff_of_role(cursor, StaffRole.MANAGER),
        {subject: one for subject, one in members.items() if one.role in WORK_ALERTS},
        covering(cursor, wanted, at),
    )


def first_channel(member: StaffMember, severity: Severity) -> NoticeChannel | None:
    """By which they are told of what is no step of a timetable; None where no address of theirs is known."""
    channels = (NoticeChannel.EMAIL, NoticeChannel.SMS)
    by_haste = reversed(channels) if severity is Severity.BREACH else channels
    return next((channel for channel in by_haste if has_address(member, channel)), None)
