"""On whom an alert goes when whoever has it goes home or leaves (pure)."""

from collections.abc import Sequence

from model.staff import StaffMember


def successor(
    leaving: str | None,
    incoming: Sequence[StaffMember],
    practitioner: StaffMember | None,
    managers: Sequence[StaffMember],
    *,
    in_hours: bool,
) -> StaffMember | None:
    """Who comes on duty; else in hours the person's practitioner; else a manager; else the practitioner all the same.

    None where there is nobody but ``leaving``.
    """
    own = [] if practitioner is None else [practitioner]
    candidates = [*incoming, *(own if in_hours else []), *managers, *own]
    return next((one for one in candidates if one.subject != leaving), None)
