"""`cordon session`: who is signed in, and how that is ended."""

from datetime import timedelta

from access.openid.accounts import Account
from access.openid.sign_in import Arrival, Attempt
from access.roles import Role
from access.sessions import find_session, open_session
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

HOUR = timedelta(hours=1)


def test_sessions_are_listed_and_ended(migrated_database: DatabaseUrls, cordon: Cordon, database: object) -> None:
    del database
    arrival = Arrival(Account("officer.jones", Role.PRACTITIONER, None), "8f3b", None)
    with as_owner(migrated_database.owner) as cursor:
        opened = open_session(cursor, arrival, Attempt("x"), HOUR, "")
    listed = cordon("session", "list")[1]
    assert "officer.jones" in listed
    assert listed.strip().endswith("open")
    assert opened.secret not in listed
    assert cordon("session", "end", "Officer.Jones")[:2] == (0, "1 session of Officer.Jones ended\n")
    assert cordon("session", "list")[1].strip().endswith("ended")
    assert cordon("session", "end", "officer.jones")[0] == 1
    with as_owner(migrated_database.owner) as cursor:
        assert find_session(cursor, opened.secret, HOUR, is_use=True) is None
        cursor.execute("SELECT action FROM audit_log ORDER BY audit_id")
        assert cursor.fetchall() == [("sign_in",), ("sign_out",)]
