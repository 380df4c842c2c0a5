"""`cordon staff`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli import registry_imports
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from model.staff import StaffMember, StaffRole
from store.database import Cursor
from store.staff import add_staff, change_staff, end_staff, list_staff
from store.teams import add_team, list_teams, team_of_name

staff = typer.Typer(help="Staff who are told of alerts, and their teams.", no_args_is_help=True)

SubjectOption = Annotated[str, typer.Argument(help="The subject of their token.")]
Name = Annotated[str, typer.Option(help="Full name.")]
RoleOption = Annotated[StaffRole, typer.Option(help="What they are told of.")]
TeamOption = Annotated[str | None, typer.Option(help="Their team, by its name.")]
Email = Annotated[str | None, typer.Option(help="Without one they are told nothing by e-mail.")]
Mobile = Annotated[str | None, typer.Option(help="With its country, such as +447700900123.")]


def register(application: typer.Typer) -> None:
    registry_imports.register_staff(staff)
    application.add_typer(staff, name="staff")


@staff.command("add")
def add(
    subject: SubjectOption,
    name: Name,
    role: RoleOption,
    team: TeamOption = None,
    email: Email = None,
    mobile: Mobile = None,
) -> None:
    """Add a member of staff.

    Example: cordon staff add officer.jones --name "J. Jones" --role practitioner --team "Croydon South"
    --email j.jones@example.test --mobile +447700900123
    """
    with owner_transaction() as cursor:
        member = add_staff(cursor, StaffMember(subject, name, role, _team_id(cursor, team), email, mobile))
        _record(cursor, member.subject, "add")
    print(f"added {member.subject}")


@staff.command("change")
def change(
    subject: SubjectOption,
    name: Name,
    role: RoleOption,
    team: TeamOption = None,
    email: Email = None,
    mobile: Mobile = None,
) -> None:
    """Record a member of staff anew: what is not given is no longer so. One who had left is back.

    Example: cordon staff change officer.jones --name "J. Jones" --role duty_officer --mobile +447700900123
    """
    with owner_transaction() as cursor:
        member = change_staff(cursor, StaffMember(subject, name, role, _team_id(cursor, team), email, mobile))
        _record(cursor, member.subject, "change")
    print(f"changed {member.subject}")


@staff.command("end")
def end(subject: SubjectOption) -> None:
    """Record that a member of staff has left: they are told nothing more, and let in nowhere.

    Example: cordon staff end officer.jones
    """
    with owner_transaction() as cursor:
        end_staff(cursor, subject)
        _record(cursor, subject, "end")
    print(f"{subject} is told nothing more")


@staff.command("list")
def show() -> None:
    """List the staff, those who left too.

    Example: cordon staff list
    """
    with owner_transaction() as cursor:
        teams = {team.team_id: team.name for team in list_teams(cursor)}
        found = list_staff(cursor)
    rows = [
        (
            one.member.subject,
            one.member.name,
            one.member.role.value,
            "none" if one.member.team_id is None else teams[one.member.team_id],
            one.member.email or "none",
            one.member.mobile or "none",
            "left" if one.ended_at else "",
        )
        for one in found
    ]
    print_table(("SUBJECT", "NAME", "ROLE", "TEAM", "E-MAIL", "MOBILE", ""), rows)


@staff.command("add-team")
def new_team(name: Annotated[str, typer.Argument(help="Each name is given once.")]) -> None:
    """Add a team.

    Example: cordon staff add-team "Croydon South"
    """
    with owner_transaction() as cursor:
        team = add_team(cursor, name)
        _record(cursor, str(team.team_id), "team.add")
    print(f"team {team.team_id}: {team.name}")


@staff.command("teams")
def show_teams() -> None:
    """List the teams.

    Example: cordon staff teams
    """
    with owner_transaction() as cursor:
        found = list_teams(cursor)
    print_table(("ID", "TEAM"), [(str(team.team_id), team.name) for team in found])


def _team_id(cursor: Cursor, name: str | None) -> int | None:
    return None if name is None else team_of_name(cursor, name)


def _record(cursor: Cursor, what: str, how: str) -> None:
    record_allowed(cursor, command_identity(), Action.STAFF_CHANGE, Subject(detail={"subject": what, "change": how}))
