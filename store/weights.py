"""The weights of results that place a wearer at a scene: which wait for one, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2.extras import Json

from crimes.chance.weight import ChanceWeight
from store.database import Cursor
from store.matching_wanted import scene_of
from store.routines import Pair
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class Unweighed:
    """A current result that is present or possible, and has no weight yet."""

    result_id: int
    pair: Pair


def unweighed_results(cursor: Cursor, limit: int) -> list[Unweighed]:
    """Those that have waited longest."""
    cursor.execute(
        "SELECT result_id, person_id, crime_version_id, lat, lon, place_uncertainty_m, windows"
        " FROM matching_results JOIN crime_versions USING (crime_version_id)"
        " WHERE superseded_by IS NULL AND weight IS NULL AND weighing_error IS NULL"
        " AND verdict IN ('present', 'possible') ORDER BY result_id LIMIT %s",
        (limit,),
    )
    return [
        Unweighed(result_id, Pair(scene_of(scene), person_id)) for result_id, person_id, *scene in cursor.fetchall()
    ]


def write_weights(cursor: Cursor, results: Sequence[Unweighed], weights: Sequence[ChanceWeight]) -> None:
    insert_rows(
        cursor,
        "UPDATE matching_results result SET weight = weighed.weight::jsonb"
        " FROM (VALUES %s) AS weighed (weighed_id, weight) WHERE result.result_id = weighed_id",
        ((one.result_id, Json(weight.document())) for one, weight in zip(results, weights, strict=True)),
    )


def set_weight_aside(cursor: Cursor, failed: Unweighed, error: str) -> None:
    """It could not be weighed: it stays there to be seen, and holds up nobody else's."""
    cursor.execute("UPDATE matching_results SET weighing_error = %s WHERE result_id = %s", (error, failed.result_id))


def retry_weights(cursor: Cursor) -> None:
    """What was set aside is tried again by each new matcher: it may be of a later release."""
    cursor.execute("UPDATE matching_results SET weighing_error = NULL WHERE weighing_error IS NOT NULL")
