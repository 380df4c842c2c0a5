"""What the database's own catalogue says of its functions and tables: no door that nobody meant to open."""

from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

DEFINER_WITHOUT_PATH = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'cordon'::regnamespace AND prosecdef
      AND NOT coalesce(proconfig, '{}') @> '{"search_path=cordon, pg_temp"}'
"""
READ_WITHOUT_ROW_SECURITY = """
    SELECT class.relname FROM pg_class class
    WHERE relnamespace = 'cordon'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relrowsecurity
      AND has_any_column_privilege('cordon_api', class.oid, 'SELECT')
"""
OF_WORKERS = {"partition_offsets", "worker_registries", "worker_registry_loads"}
NOT_ABOUT_PEOPLE = {"casework_rules", "devices", "registry_revision", "schema_migrations"} | OF_WORKERS
ASK_WHO_MANAGES = {"managed_activations", "managed_devices", "managed_people"}
"""Views that are empty for whoever does not manage people."""


def found(database: DatabaseUrls, statement: str) -> set[str]:
    with as_owner(database.owner) as cursor:
        cursor.execute(statement)
        return {name for (name,) in cursor.fetchall()}


def test_a_function_with_the_owner_s_rights_looks_nowhere_but_in_our_schema(migrated_database: DatabaseUrls) -> None:
    assert found(migrated_database, DEFINER_WITHOUT_PATH) == set()


def test_what_the_api_reads_is_under_row_security(migrated_database: DatabaseUrls) -> None:
    assert found(migrated_database, READ_WITHOUT_ROW_SECURITY) == NOT_ABOUT_PEOPLE | ASK_WHO_MANAGES
