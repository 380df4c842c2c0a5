"""Authorised entries and absences in memory, by person and zone."""

from model.authorisations import Authorisation


class Authorisations:
    """For one thread. Few people have any, and few of those more than one."""

    def __init__(self) -> None:
        self._held: dict[int, dict[int, Authorisation]] = {}  # person to identifier to authorisation

    @property
    def people(self) -> list[int]:
        """Who has any."""
        return list(self._held)

    def put(self, authorisation: Authorisation) -> None:
        """Hold it in place of the one with the same identifier."""
        self._held.setdefault(authorisation.person_id, {})[authorisation.authorisation_id] = authorisation

    def forget_person(self, person_id: int) -> None:
        self._held.pop(person_id, None)

    def covers(self, person_id: int, zone_id: int, fix_time_us: int) -> bool:
        """Whether the zone is lifted for the person then."""
        return any(
            one.zone_id == zone_id and one.from_us <= fix_time_us < one.to_us
            for one in self._held.get(person_id, {}).values()
        )
