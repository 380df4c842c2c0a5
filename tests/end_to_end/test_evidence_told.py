"""Whoever of the staff has to know that issued evidence has changed is told, once; police look for themselves."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from model.staff import StaffRole
from ops.metrics import REGISTRY
from store.evidence import record_receipt
from tests.support.database import DatabaseUrls
from tests.support.duty import DutyWorld
from tests.support.evidence import SCENE, START_US, EvidenceWorld, evidence_world
from tests.support.matching import ReportedCrime, import_crimes
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.world import rows

CROWDED_US = START_US + 60 * 60_000_000
TOLD = ("a.reviewer", "email", "evidence_changed")


@pytest.fixture
def world(migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[EvidenceWorld]:
    with evidence_world(migrated_database, tmp_path) as world:
        yield world


def noticed(world: EvidenceWorld, count: int) -> None:
    wait_until(
        lambda: rows(world.urls.owner, "SELECT count(*) FROM evidence_notices") == [(count,)], what="the notices"
    )


def untold() -> float:
    return REGISTRY.get_sample_value("cordon_evidence_untold_total") or 0.0


def test_who_confirmed_a_match_is_told_of_its_change_once_and_else_it_is_counted(world: EvidenceWorld) -> None:
    with closing(DutyWorld(world.urls)) as duty:
        before, number = untold(), world.issue()
        world.qualify("rejected", reviewer="a.second.reviewer")
        noticed(world, 1)
        duty.look()
        assert (duty.notices(), untold() - before) == ([], 1), "of an analyst and a reviewer who are no staff"

        duty.add_staff("a.reviewer", StaffRole.MONITORING_OFFICER)
        with as_owner(world.urls.owner) as cursor:
            record_receipt(cursor, number, "a.colleague")
        noticed(world, 2)
        duty.look()
        assert duty.notices() == [TOLD], "of the colleague's, for what was counted before is over"
        import_crimes(world.urls, ReportedCrime("CRIME", SCENE, CROWDED_US, CROWDED_US + 5 * 60_000_000))
        wait_until(
            lambda: len(rows(world.urls.owner, "SELECT FROM evidence_notices WHERE cause = 'crime_changed'")) == 2,
            what="the notices of the new version",
        )
        for _ in range(3):
            duty.look()
        found = rows(world.urls.owner, "SELECT count(DISTINCT (cause, cause_id)) FROM evidence_notices")
        assert duty.notices() == [TOLD] * found[0][0], "once for each change, however many have the bundle"
        assert untold() - before == 1
