"""Who holds each role for one alert, at one time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.escalation import has_address
from model.casework_rules import CaseworkRules
from model.enums import Severity
from model.notices import NoticeChannel
from model.staff import StaffMember, StaffRole
from store.database import Cursor
from store.rota import on_duty
from store.staff import staff_of_role, staff_of_subjects


@dataclass(frozen=True, slots=True)
class Roster:
    """``members`` are those who were asked for, by subject; the rest is everybody's."""

    duty_officers: Sequence[StaffMember]
    managers_on_duty: Sequence[StaffMember]
    managers: Sequence[StaffMember]
    others: Mapping[StaffRole, Sequence[StaffMember]]
    members: Mapping[str, StaffMember]

    def holders(self, practitioner: str | None, team_id: int | None) -> dict[StaffRole, Sequence[StaffMember]]:
        """Of every role. The manager on the rota goes before the team's own."""
        own = self.members.get(practitioner or "")
        return {
            **self.others,
            StaffRole.PRACTITIONER: () if own is None else (own,),
            StaffRole.DUTY_OFFICER: self.duty_officers,
            StaffRole.MANAGER: self.managers_on_duty or self.managers_of(team_id),
        }

    def managers_of(self, team_id: int | None) -> Sequence[StaffMember]:
        """The team's own or, where it has none, all that there are."""
        of_team = [one for one in self.managers if team_id is not None and one.team_id == team_id]
        return of_team or self.managers


def load_roster(cursor: Cursor, at: datetime, rules: CaseworkRules, subjects: Iterable[str]) -> Roster:
    steps = {step.role for rule in rules.escalation for step in (*rule.in_hours, *rule.out_of_hours)}
    others = steps - {StaffRole.PRACTITIONER, StaffRole.DUTY_OFFICER, StaffRole.MANAGER}
    return Roster(
        on_duty(cursor, StaffRole.DUTY_OFFICER, at),
        on_duty(cursor, StaffRole.MANAGER, at),
        staff_of_role(cursor, StaffRole.MANAGER),
        {role: staff_of_role(cursor, role) for role in sorted(others)},
        staff_of_subjects(cursor, subjects),
    )


def first_channel(member: StaffMember, severity: Severity) -> NoticeChannel | None:
    """By which they are told of what is no step of a timetable; None where no address of theirs is known."""
    channels = (NoticeChannel.EMAIL, NoticeChannel.SMS)
    by_haste = reversed(channels) if severity is Severity.BREACH else channels
    return next((channel for channel in by_haste if has_address(member, channel)), None)
