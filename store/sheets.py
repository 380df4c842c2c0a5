"""What the sheet of a batch and the precision of matching are made of."""

from crimes.chance.precision import JudgedMatches
from crimes.chance.sheet import BatchWearer, RoutineWindows, SheetCrime
from model.crimes import MatchVerdict
from store.database import Cursor

_WEARER = "label, hits, possibles, there, compared, days_compared, left_out"


def batch_is_visible(cursor: Cursor, crime_batch_id: int) -> bool:
    """Whether there is such a batch for this caller."""
    cursor.execute("SELECT FROM crime_batches WHERE crime_batch_id = %s", (crime_batch_id,))
    return cursor.fetchone() is not None


def read_sheet_crimes(cursor: Cursor, crime_batch_id: int) -> list[SheetCrime]:
    """The crimes that the batch brought, in the order of its file, with the counts of each newest run."""
    cursor.execute(
        "SELECT version.crime_version_id, crime.reference, run.present, run.possible, run.absent, run.cannot_say"
        " FROM crime_versions version JOIN crimes crime USING (crime_id)"
        " LEFT JOIN LATERAL (SELECT * FROM matching_runs run WHERE run.crime_version_id = version.crime_version_id"
        "   ORDER BY run.run_id DESC LIMIT 1) run ON true"
        " WHERE version.crime_batch_id = %s ORDER BY version.row_number, version.crime_version_id",
        (crime_batch_id,),
    )
    return [SheetCrime(*row) for row in cursor.fetchall()]


def read_sheet_wearers(cursor: Cursor, crime_batch_id: int) -> list[BatchWearer]:
    """By label, for police of the batch's force: the function checks who asks and records each wearer."""
    cursor.execute(f"SELECT {_WEARER} FROM police_sheet_wearers(%s)", (crime_batch_id,))  # noqa: S608  names of this file
    return _wearers(cursor)


def read_sheet_wearers_as_owner(cursor: Cursor, crime_batch_id: int) -> list[BatchWearer]:
    """The same for the owner, who records it."""
    cursor.execute(f"SELECT {_WEARER} FROM sheet_wearers(%s)", (crime_batch_id,))  # noqa: S608  as above
    return _wearers(cursor)


def read_judged_matches(cursor: Cursor) -> list[JudgedMatches]:
    """Over all forces: newest rules first, present before possible."""
    cursor.execute(
        "SELECT algorithm_version, verdict, confirmed, rejected, borne_out, refuted FROM matching_precision()"
    )
    judged = [JudgedMatches(version, MatchVerdict(verdict), *counts) for version, verdict, *counts in cursor.fetchall()]
    order = list(MatchVerdict)
    return sorted(judged, key=lambda one: (-one.algorithm_version, order.index(one.verdict)))


def _wearers(cursor: Cursor) -> list[BatchWearer]:
    return [
        BatchWearer(
            label=label,
            hits=hits,
            possibles=possibles,
            weighed=tuple(RoutineWindows(*one) for one in zip(there, compared, strict=True)),
            left_out=left_out or 0,
            days_compared=days_compared,
        )
        for label, hits, possibles, there, compared, days_compared, left_out in cursor.fetchall()
    ]
