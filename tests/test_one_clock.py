"""One clock: what has a deadline, or is shown, goes by ``service_clock()``, so that a database can play a weekend."""

import re

import pytest

from tests.servers.common import ROOT
from tests.support.database import DatabaseUrls
from tests.support.world import rows

ON_THE_DATABASES_OWN_CLOCK = {"store/locks.py", "store/migrate.py", "store/worker_registries.py"}
"""Sessions that hold a lock too long, when a migration was applied, and the signs of life of workers."""


def test_no_statement_asks_the_database_for_its_own_time() -> None:
    asked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "store").rglob("*.py")
        if re.search(
            r"\b(?:now|clock_timestamp|transaction_timestamp|statement_timestamp)\(\)", path.read_text("utf-8")
        )
    }
    assert asked <= ON_THE_DATABASES_OWN_CLOCK


def test_only_what_nobody_may_replace_is_stamped_by_another_clock(migrated_database: DatabaseUrls) -> None:
    stamped = rows(
        migrated_database.owner,
        "SELECT DISTINCT relname FROM pg_attrdef JOIN pg_class ON pg_class.oid = adrelid"
        " WHERE relnamespace = 'cordon'::regnamespace"
        " AND pg_get_expr(adbin, adrelid) ~ '(now|clock_timestamp)[(][)]|CURRENT_TIMESTAMP' ORDER BY relname",
    )
    assert stamped == [
        ("access_tokens",),
        ("audit_log",),
        ("schema_migrations",),
        ("sessions",),
        ("worker_registries",),
    ]


def test_no_function_asks_for_another_time_but_those_of_tokens_and_sessions(migrated_database: DatabaseUrls) -> None:
    asking = rows(
        migrated_database.owner,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'cordon'::regnamespace"
        " AND prosrc ~ '(now|clock_timestamp)[(][)]|CURRENT_TIMESTAMP' ORDER BY proname",
    )
    assert [name for (name,) in asking] == [
        "authenticate_session",
        "authenticate_token",
        "end_session",
        "end_sessions_of_provider",
        "open_local_session",
        "open_session",
        "service_clock",
    ]


@pytest.mark.parametrize("login", ["worker", "api"])
def test_the_programs_cannot_replace_it(migrated_database: DatabaseUrls, login: str) -> None:
    assert rows(
        getattr(migrated_database, login),
        "SELECT has_function_privilege('service_clock()', 'EXECUTE'), has_schema_privilege('cordon', 'CREATE')",
    ) == [(True, False)]
