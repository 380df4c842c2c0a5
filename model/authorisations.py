"""Authorised entries and absences: they lift a zone for one person and a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Lifts ``zone_id`` for ``person_id`` during ``[from_us, to_us)``, microseconds since 1970 UTC.

    Revoking one moves ``to_us`` to the moment of revocation, or to ``from_us`` where it had not begun.
    """

    authorisation_id: int
    person_id: int
    zone_id: int
    from_us: int
    to_us: int
