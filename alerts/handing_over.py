"""An officer hands over what is open on them, by hand."""

from collections.abc import Sequence
from uuid import UUID

from alerts.casework import act_on_all
from alerts.who_sees import would_see
from model.casework import CaseAction
from ops.errors import InputError
from store.database import Cursor
from store.hand_overs import HeldCase, held_of
from store.staff import find_staff

MOST_AT_ONCE = 500


class HandOverRefusedError(InputError):
    """Nothing was handed over; ``errors`` says where and why, once for each thing that is wrong."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("nothing was handed over:\n" + "\n".join(f"{where}: {problem}" for where, problem in errors))
        self.errors = tuple(errors)


def hand_over(cursor: Cursor, subject: str, to: str, alert_ids: Sequence[UUID] | None, note: str | None) -> list[UUID]:
    """The alerts that ``to`` has now: all that were open on ``subject``, or those of ``alert_ids``.

    Raises HandOverRefusedError where there is no such person, they would not see an alert, or one is not on
    ``subject``.
    """
    member = find_staff(cursor, to)
    if member is None or to == subject:
        raise HandOverRefusedError([("body.to", "give the subject of somebody else on the staff who has not left")])
    held = held_of(cursor, subject, alert_ids)
    errors = [] if alert_ids is None else _not_theirs(alert_ids, held)
    if len(held) > MOST_AT_ONCE:
        errors.append(("body.alert_ids", f"{len(held)} alerts are too many at once: name at most {MOST_AT_ONCE}"))
    errors += [
        ("body.to", f"{to} would not see alert {one.alert_id}: the person is not theirs, and they are not on duty")
        for one in held
        if not would_see(cursor, member, one.person_id)
    ]
    if errors:
        raise HandOverRefusedError(errors)
    detail = {"to": to} | ({} if note is None else {"text": note})
    if held:
        act_on_all(cursor, subject, CaseAction.HAND_OVER, {one.alert_id: detail for one in held})
    return [one.alert_id for one in held]


def _not_theirs(alert_ids: Sequence[UUID], held: Sequence[HeldCase]) -> list[tuple[str, str]]:
    found = {one.alert_id for one in held}
    return [
        (f"body.alert_ids.{place}", f"alert {alert_id} is not open, or not on you")
        for place, alert_id in enumerate(alert_ids)
        if alert_id not in found
    ]
