"""For which crimes and wearers something new is known, when something new is known of a device's stretch of time."""

from datetime import timedelta

from crimes.scenes import Scene
from model.crimes import LONGEST_HULL, SHORT_GAP_S
from model.devices import NEVER_US
from model.times import from_microseconds
from store.database import Cursor
from store.match_tracks import LOOK_FAR_US
from store.matching_wanted import scene_of
from store.rematches import Rematch

_USABLE = (
    "SELECT one.fix_time FROM (SELECT device_id, unnest("
    "   lawful_times(wearer.person_id, {since}, {until}) * tstzmultirange(during)) AS during"
    "  FROM device_activations WHERE person_id = wearer.person_id) worn"
    " CROSS JOIN LATERAL (SELECT fix_time FROM positions position"
    "  WHERE position.device_id = worn.device_id AND fix_time >= coalesce(lower(during), '-infinity')"
    "  AND fix_time < coalesce(upper(during), 'infinity') AND fix_time {within}"
    "  AND is_usable(accuracy_m, mechanism, fix_time, received_at) ORDER BY fix_time {order} LIMIT 2) one"
    " ORDER BY fix_time {order} LIMIT 2"
)
_FROM, _UNTIL = "%(from)s::timestamptz", "%(until)s::timestamptz"
_BEFORE = _USABLE.format(
    since=f"{_FROM} - %(far)s", until=_FROM, within=f">= {_FROM} - %(far)s AND fix_time < {_FROM}", order="DESC"
)
_AFTER = _USABLE.format(
    since=_UNTIL, until=f"{_UNTIL} + %(far)s", within=f"> {_UNTIL} AND fix_time <= {_UNTIL} + %(far)s", order="ASC"
)


def scenes_in_doubt(cursor: Cursor, wanted: Rematch, padding_us: int) -> dict[int, list[Scene]]:
    """By person: the current crime versions, matched before, for which they are to be matched again.

    Those whose padded window lies in the stretch while the person wore the device, give or take SHORT_GAP_S: a
    position may put them there. And those for which they have a result that rests on what was known of the stretch,
    because the positions that cover the window lie on both sides of it, or none does on one. The stretch reaches to
    the second usable position before it and after it, of lawful times as matching reads them: the first may be a lone
    outlier from now on, or be none any more.
    """
    values = {
        "device": wanted.device_id,
        "from": "-infinity" if wanted.from_us == NEVER_US else from_microseconds(wanted.from_us),
        "until": from_microseconds(wanted.until_us),
        "about": timedelta(seconds=SHORT_GAP_S),
        "far": timedelta(microseconds=LOOK_FAR_US),
        "padding": timedelta(microseconds=padding_us),
        "longest": LONGEST_HULL,
    }
    cursor.execute(
        f"WITH wearer AS (SELECT DISTINCT person_id FROM device_activations WHERE device_id = %(device)s"  # noqa: S608  names of this file
        "  AND during && tstzrange(%(from)s::timestamptz - %(about)s, %(until)s::timestamptz + %(about)s, '[]')),"
        " stretch AS (SELECT person_id,"
        f"  least(%(from)s::timestamptz, (SELECT min(fix_time) FROM ({_BEFORE}) known)) AS earliest,"
        f"  greatest(%(until)s::timestamptz, (SELECT max(fix_time) FROM ({_AFTER}) known)) AS latest FROM wearer),"
        " doubted AS (SELECT person_id, crime_version_id FROM stretch JOIN device_activations worn USING (person_id)"
        "   JOIN crime_versions version ON is_current"
        "   AND from_time <= least(latest + %(about)s, upper(during)) + %(padding)s"
        "   AND from_time >= greatest(earliest - %(about)s, lower(during)) - %(padding)s - %(longest)s"
        "   AND to_time >= greatest(earliest - %(about)s, lower(during)) - %(padding)s"
        "  UNION SELECT result.person_id, crime_version_id"
        "   FROM stretch JOIN matching_results result USING (person_id)"
        "   JOIN crime_versions USING (crime_version_id) CROSS JOIN LATERAL (SELECT"
        "     (document->>'covered_from')::timestamptz AS covered_from,"
        "     (document->>'covered_to')::timestamptz AS covered_to) rests"
        "   WHERE superseded_by IS NULL AND is_current"
        "    AND coalesce(covered_from > from_time - %(padding)s OR covered_from <= latest, true)"
        "    AND coalesce(covered_to < to_time + %(padding)s OR covered_to >= earliest, true))"
        " SELECT person_id, crime_version_id, lat, lon, place_uncertainty_m, windows"
        " FROM doubted JOIN crime_versions USING (crime_version_id)"
        " WHERE EXISTS (SELECT FROM matching_runs run WHERE run.crime_version_id = doubted.crime_version_id)"
        " ORDER BY person_id, from_time, crime_version_id",
        values,
    )
    found: dict[int, list[Scene]] = {}
    for person_id, *scene in cursor.fetchall():
        found.setdefault(person_id, []).append(scene_of(scene))
    return found
