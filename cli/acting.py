"""In whose name a command acts: the owner runs it, and a member of the staff decides."""

from typing import Annotated

import typer

from model.staff import StaffRole
from ops.errors import InputError
from store.database import Cursor
from store.staff import find_staff

DRAFTERS = frozenset({StaffRole.PRACTITIONER, StaffRole.DUTY_OFFICER, StaffRole.MANAGER})
APPROVERS = frozenset({StaffRole.DUTY_OFFICER, StaffRole.MANAGER})
Actor = Annotated[str, typer.Option("--as", metavar="SUBJECT", help="Who does it: the subject of a member of staff.")]


def require_staff(cursor: Cursor, subject: str, roles: frozenset[StaffRole]) -> None:
    """Raises InputError unless the subject is staff of one of ``roles``: the approver is somebody, and may."""
    member = find_staff(cursor, subject)
    if member is None:
        raise InputError(f"nobody of the staff is {subject}: give the subject of a member of staff")
    if member.role not in roles:
        raise InputError(f"{subject} is a {member.role}: this is for {', '.join(sorted(roles))}")
