"""`cordon sources`: a key is shown once, kept as a hash, and refused once revoked."""

from collections.abc import Callable
from typing import Any

import pytest

from store.database import Pool
from store.sources import authenticate_source
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.people import BORN, DECIDE

Ask = Callable[[str], Any]


@pytest.fixture
def pool(migrated_database: DatabaseUrls, database: Ask) -> Pool:
    assert database("SELECT count(*) FROM sources") == 0
    return Pool(migrated_database.owner, "test", size=1)


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(database: Ask, cordon: Cordon, pool: Pool) -> None:
    code, out, warning = cordon("sources", "create", "Tag supplier")
    key = out.strip()
    assert (code, warning) == (0, "This is the only time the key is shown.\n")
    assert database("SELECT length(key_hash) FROM sources") == 32
    access = authenticate_source(pool, key)
    assert access is not None
    assert (access.name, access.device_serial) == ("Tag supplier", None)
    listed = cordon("sources", "list")[1]
    assert "live" in listed
    assert key not in listed
    assert cordon("sources", "revoke", "Tag supplier")[0] == 0
    assert authenticate_source(pool, key) is None
    assert "live" not in cordon("sources", "list")[1]
    pool.close()


@pytest.mark.usefixtures("database")
def test_a_source_may_speak_for_one_tag_only(cordon: Cordon) -> None:
    assert cordon("sources", "create", "Phone", "--device", "TAG-1")[0] == 1
    cordon("people", "add", "--crn", "X1", "--name", "Sam Larkfield", *BORN)
    cordon("people", "decide", "X1", *DECIDE)
    cordon("devices", "activate", "TAG-1", "--crn", "X1")
    assert cordon("sources", "create", "Phone", "--device", "TAG-1")[0] == 0
    assert "TAG-1" in cordon("sources", "list")[1]


def test_what_cannot_be_done_says_why(database: Ask, cordon: Cordon) -> None:
    cordon("sources", "create", "Supplier")
    assert "a source named Supplier exists" in cordon("sources", "create", "Supplier")[2]
    cordon("sources", "revoke", "Supplier")
    assert "a revoked source keeps its own" in cordon("sources", "create", "Supplier")[2]
    assert "1 to 100 characters" in cordon("sources", "create", "n" * 101)[2]
    assert "no live source is named Nobody" in cordon("sources", "revoke", "Nobody")[2]
    assert "no device has the serial TAG-9" in cordon("sources", "create", "Phone", "--device", "TAG-9")[2]
    assert database("SELECT count(*) FROM sources") == 1
