"""Teams of staff. A person's manager is a manager of the person's team."""

from dataclasses import dataclass

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Team:
    team_id: int
    name: str


def add_team(cursor: Cursor, name: str) -> Team:
    """Raises InputError on an unusable name, or one that is taken."""
    name = checked_text("the team's name", name, NAME_LENGTH)
    cursor.execute("INSERT INTO teams (name) VALUES (%s) ON CONFLICT DO NOTHING RETURNING team_id", (name,))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"there is a team {name} already")
    return Team(row[0], name)


def rename_team(cursor: Cursor, team_id: int, name: str) -> Team:
    """Raises InputError where there is no such team, or another one of that name."""
    name = checked_text("the team's name", name, NAME_LENGTH)
    cursor.execute("SELECT EXISTS (SELECT FROM teams WHERE name = %s AND team_id <> %s)", (name, team_id))
    if fetch_one(cursor)[0]:
        raise InputError(f"there is a team {name} already")
    cursor.execute("UPDATE teams SET name = %s WHERE team_id = %s", (name, team_id))
    if cursor.rowcount == 0:
        raise InputError(f"there is no team {team_id}: `cordon staff teams` shows them")
    return Team(team_id, name)


def list_teams(cursor: Cursor) -> list[Team]:
    cursor.execute("SELECT team_id, name FROM teams ORDER BY name")
    return [Team(*row) for row in cursor.fetchall()]


def team_of_name(cursor: Cursor, name: str) -> int:
    """Raises InputError where there is none."""
    cursor.execute("SELECT team_id FROM teams WHERE name = %s", (name.strip(),))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"there is no team {name.strip()}: `cordon staff add-team` makes one")
    team_id: int = row[0]
    return team_id
