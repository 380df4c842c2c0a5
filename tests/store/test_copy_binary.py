"""What is packed for COPY BINARY is what PostgreSQL reads."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geofence.columns import Floats, Integers
from store.copy_binary import Column, pack, timestamps
from store.database import Cursor
from tests.support.batches import connected
from tests.support.database import DatabaseUrls

KINDS = {"small": (">i2", "smallint"), "middle": (">i4", "integer"), "large": (">i8", "bigint")}
FLOATS = {"single": (">f4", "real"), "double": (">f8", "double precision")}
INFINITY = float("inf")


def through_postgres(cursor: Cursor, kind: str, sql_type: str, values: Sequence[float | None]) -> list[float | None]:
    null = np.array([value is None for value in values], dtype=bool)
    given_values = [0 if value is None else value for value in values]
    column: Floats | Integers = (
        np.array(given_values, dtype=np.float64) if kind.startswith(">f") else np.array(given_values, dtype=np.int64)
    )
    cursor.execute(f"CREATE TEMPORARY TABLE packed (place integer, value {sql_type}) ON COMMIT DROP")
    stream = pack([Column("place", ">i4", np.arange(len(values))), Column("value", kind, column, null)])
    cursor.copy_expert("COPY packed FROM STDIN (FORMAT binary)", stream)
    cursor.execute("SELECT value FROM packed ORDER BY place")
    found = [value for (value,) in cursor.fetchall()]
    cursor.execute("DROP TABLE packed")
    return found


@pytest.mark.parametrize(("kind", "sql_type"), KINDS.values(), ids=KINDS)
def test_integers_and_nulls(migrated_database: DatabaseUrls, kind: str, sql_type: str) -> None:
    limits = np.iinfo(kind)
    values = [0, None, -1, int(limits.min), int(limits.max), None]
    with connected(migrated_database.worker) as connection, connection, connection.cursor() as cursor:
        assert through_postgres(cursor, kind, sql_type, values) == values
        assert through_postgres(cursor, kind, sql_type, []) == []


@pytest.mark.parametrize(("kind", "sql_type"), FLOATS.values(), ids=FLOATS)
def test_floats_and_nulls(migrated_database: DatabaseUrls, kind: str, sql_type: str) -> None:
    values = [0.0, None, -1.5, float(np.finfo(kind).max), -float(np.finfo(kind).tiny), INFINITY, -INFINITY]
    with connected(migrated_database.worker) as connection, connection, connection.cursor() as cursor:
        found = through_postgres(cursor, kind, sql_type, values)
    assert [value if value is None else float(np.dtype(kind).type(value)) for value in found] == values


def test_moments_are_exact_to_the_microsecond(migrated_database: DatabaseUrls) -> None:
    moments = {
        0: "1970-01-01T00:00:00+00:00",
        946_684_800_000_000: "2000-01-01T00:00:00+00:00",
        1_750_000_000_123_457: "2025-06-15T15:06:40.123457+00:00",
        -62_135_596_800_000_000: "0001-01-01T00:00:00+00:00",
        253_402_300_799_999_999: "9999-12-31T23:59:59.999999+00:00",
    }
    stream = pack([Column("moment", ">i8", timestamps(np.array(list(moments), dtype=np.int64)))])
    with connected(migrated_database.worker) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE packed (moment timestamptz) ON COMMIT DROP")
        cursor.copy_expert("COPY packed FROM STDIN (FORMAT binary)", stream)
        cursor.execute("SELECT moment FROM packed")
        assert {moment.isoformat() for (moment,) in cursor.fetchall()} == set(moments.values())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.floats(allow_nan=False), max_size=40))
def test_any_doubles_come_back_bit_for_bit(migrated_database: DatabaseUrls, values: list[float | None]) -> None:
    with connected(migrated_database.worker) as connection, connection, connection.cursor() as cursor:
        found = through_postgres(cursor, ">f8", "double precision", values)
    assert [repr(value) for value in found] == [repr(value) for value in values]
