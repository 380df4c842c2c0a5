"""The shapes of teams and staff, and of what a file of people, staff or devices changed."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from api.fields import PRINTABLE
from api.people_schemas import Name, StaffSubject
from api.police_schemas import Body
from api.schemas import Answer
from model.staff import StaffMember, StaffRole
from store.staff import EMAIL, EMAIL_LENGTH, MOBILE, ListedMember

TeamId = Annotated[int, Field(ge=1, le=2**63 - 1)]
TeamName = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
Email = Annotated[str, Field(max_length=EMAIL_LENGTH, pattern=f"^{EMAIL.pattern}$")]
Mobile = Annotated[str, Field(pattern=f"^{MOBILE.pattern}$", description="With its country, such as +447700900123")]


class TeamIn(Body):
    name: TeamName


class TeamOut(Answer):
    team_id: int
    name: str


class TeamsOut(Answer):
    teams: list[TeamOut]


class MemberChange(Body):
    """Everything of a member of staff: what is left out is no longer so."""

    name: Name
    role: StaffRole
    team_id: TeamId | None = None
    email: Email | None = Field(default=None, description="Without one they are told nothing by e-mail")
    mobile: Mobile | None = Field(default=None, description="Without one they are told nothing by text message")

    def member(self, subject: str) -> StaffMember:
        return StaffMember(subject, self.name, self.role, self.team_id, self.email, self.mobile)


class MemberIn(MemberChange):
    subject: StaffSubject = Field(description="Of their token")


class MemberOut(Answer):
    subject: str
    name: str
    role: StaffRole
    team_id: int | None
    email: str | None
    mobile: str | None
    ended_at: datetime | None = Field(description="They have left, and are told nothing more")

    @classmethod
    def of(cls, listed: ListedMember) -> Self:
        member = listed.member
        return cls(
            subject=member.subject,
            name=member.name,
            role=member.role,
            team_id=member.team_id,
            email=member.email,
            mobile=member.mobile,
            ended_at=listed.ended_at,
        )


class StaffPage(Answer):
    staff: list[MemberOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class ImportedOut(Answer):
    rows: int
    is_dry_run: bool = Field(description="Nothing was changed: this is what would be")
    added: int
    changed: int
    unchanged: int
    decisions: int = Field(description="On who may be tagged")
    put_on: int
    taken_off: int
    stopped: int = Field(description="People whose date of birth stopped monitoring: they were under 18")
    untold: int = Field(description="Of those, how many with no data-protection officer to tell: tell them now")
    unsupervised: int = Field(
        description="People whose practitioner is not on the staff: add them, or correct the subject"
    )
