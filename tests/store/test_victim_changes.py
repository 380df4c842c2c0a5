"""A look at what changed alone finds the tasks that a look at everything finds, whatever happens in whichever order."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.victim_duty import keep_victim_tasks
from model.casework_rules import OutcomeGroup
from store.clock import service_now
from store.database import connect
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.victim_duty import IN_HOURS, breach, choose, close_as, execute, keep, reopen, settle_told, tasks
from tests.support.victim_oracle import keep_by_looking_at_all, tasks_after
from tests.support.victims import CHOICE, LiaisonOffice, LinkedZone, liaison_office
from tests.support.world import rows

STEPS = 60
OTHER_RULES = replace(
    IN_HOURS,
    version=IN_HOURS.version + 1,
    outcomes=tuple(
        replace(one, group=OutcomeGroup.BREACH) if one.code == "drift" else one for one in IN_HOURS.outcomes
    ),
)


@pytest.fixture
def api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


@pytest.fixture
def office(api: RunningApi) -> LiaisonOffice:
    return liaison_office(api)


class VictimWalk:
    """Whatever may happen to two victims with a zone each of two wearers; each step is one transaction at least."""

    def __init__(self, office: LiaisonOffice, seed: int) -> None:
        self._office = office
        self._random = random.Random(seed)
        self._linked = [office.linked_zone(f"EZ-{number}") for number in (1, 2)]
        self.rules = IN_HOURS
        self.ahead = timedelta()
        for one in self._linked:
            choose(office, one.victim_id)
        execute(office, "UPDATE victim_zones SET linked_at = linked_at - interval '9 hours'")
        execute(office, "UPDATE victim_choices SET chosen_at = chosen_at - interval '9 hours'")

    def step(self) -> str:
        one = self._random.choice(self._linked)
        happening: Callable[[LinkedZone], None] = self._random.choice(
            (
                *(self._raise, self._change, self._close, self._settle) * 2,
                *(self._reopen, self._choose, self._link, self._tag, self._rules, self._wait, self._end),
                self._raise_ahead,
            )
        )
        happening(one)
        return happening.__name__

    def _raise(self, one: LinkedZone) -> None:
        breach(self._office, one)

    def _raise_ahead(self, one: LinkedZone) -> None:
        """By a clock that is before that of the round."""
        alert_id = breach(self._office, one)
        execute(
            self._office, "UPDATE alerts SET raised_at = raised_at + interval '1 hour' WHERE alert_id = %s", alert_id
        )

    def _any_alert(self, status: str) -> str | None:
        found = rows(
            self._office.api.urls.owner, f"SELECT alert_id FROM alert_cases WHERE status {status} ORDER BY raised_at"
        )
        return self._random.choice(found)[0] if found else None

    def _change(self, _: LinkedZone) -> None:
        """As late data does: another state, another kind, inferred or not, another beginning."""
        alert_id = self._any_alert("IS NOT NULL")
        change = self._random.choice(
            [
                "state = CASE state WHEN 'retracted' THEN 'ended' ELSE 'retracted' END",
                "kind = CASE kind WHEN 'approach_warning' THEN 'exclusion_zone_breach' ELSE 'approach_warning' END",
                "evidence = jsonb_build_object('inferred', evidence -> 'inferred' IS DISTINCT FROM 'true')",
                "began_at = began_at - interval '1 minute'",
                "updated_at = service_clock()",
            ]
        )
        if alert_id is not None:
            execute(self._office, f"UPDATE alerts SET {change} WHERE alert_id = %s", alert_id)

    def _close(self, _: LinkedZone) -> None:
        alert_id = self._any_alert("NOT IN ('closed', 'retracted')")
        if alert_id is not None:
            close_as(
                self._office, alert_id, self._random.choice(["drift", "recall_requested", "warning"]), is_breach=True
            )

    def _reopen(self, _: LinkedZone) -> None:
        alert_id = self._any_alert("= 'closed'")
        if alert_id is not None:
            reopen(self._office, alert_id)

    def _settle(self, _: LinkedZone) -> None:
        execute(
            self._office,
            "UPDATE victim_tasks SET status = 'told', told_at = service_clock(), told_how = 'phone',"
            " settled_at = service_clock(), settled_by = 'x' WHERE task_id ="
            " (SELECT min(task_id) FROM victim_tasks WHERE status = 'waiting')",
        )

    def _choose(self, one: LinkedZone) -> None:
        execute(self._office, "UPDATE victims SET ended_at = NULL WHERE victim_id = %s", one.victim_id)
        some = self._random.sample(CHOICE["kinds"], k=self._random.randint(0, 4))
        kinds = self._random.choice([CHOICE["kinds"], CHOICE["kinds"], some])
        choose(self._office, one.victim_id, kinds=kinds, breach_when=self._random.choice(["confirmed", "reviewed"]))

    def _link(self, one: LinkedZone) -> None:
        """Or unlink."""
        execute(
            self._office,
            "WITH gone AS (DELETE FROM victim_zones WHERE victim_id = %s RETURNING zone_id)"
            " INSERT INTO victim_zones (zone_id, victim_id, address_id, linked_by, linked_at)"
            " SELECT %s, %s, %s, 'x', service_clock() - interval '9 hours' WHERE NOT EXISTS ("
            " SELECT FROM victim_zones WHERE victim_id = %s)",
            one.victim_id,
            one.zone_id,
            one.victim_id,
            one.address_id,
            one.victim_id,
        )

    def _tag(self, one: LinkedZone) -> None:
        """Off for two hours, for half an hour, or on again."""
        until = self._random.choice(
            ["service_clock() - interval '2 hours'", "service_clock() - interval '0.5 h'", "NULL"]
        )
        execute(
            self._office,
            f"UPDATE device_activations SET during = tstzrange(lower(during), {until}) WHERE activation_id = %s",
            one.activation_id,
        )

    def _end(self, one: LinkedZone) -> None:
        execute(
            self._office,
            "UPDATE victims SET ended_at = CASE WHEN ended_at IS NULL THEN service_clock() END WHERE victim_id = %s",
            one.victim_id,
        )

    def _rules(self, _: LinkedZone) -> None:
        self.rules = OTHER_RULES if self.rules is IN_HOURS else IN_HOURS

    def _wait(self, _: LinkedZone) -> None:
        self.ahead += timedelta(minutes=self._random.choice([1, 40]))


@pytest.mark.parametrize("seed", range(3))
def test_a_look_at_what_changed_finds_what_a_look_at_everything_finds(office: LiaisonOffice, seed: int) -> None:
    walk = VictimWalk(office, seed)
    done, seen = [], set[str]()
    for number in range(STEPS):
        done.append(walk.step())
        with closing(connect(office.api.urls.worker, "test-duty")) as connection, connection.cursor() as cursor:
            now = service_now(cursor) + walk.ahead
            wanted = tasks_after(cursor, keep_by_looking_at_all, now, walk.rules)
            assert tasks_after(cursor, keep_victim_tasks, now, walk.rules) == wanted, done
            seen |= {kind for _, _, kind, *_ in wanted}
            if number % 3 != 0:  # else the process dies, and the round with it
                keep_victim_tasks(cursor, now, walk.rules)
                connection.commit()
    assert len(seen) > 1, "else the walk shows nothing"


def test_what_commits_while_a_round_is_at_work_is_found_by_the_next(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    with closing(connect(office.api.urls.worker, "test-duty")) as connection, connection, connection.cursor() as cursor:
        assert keep_victim_tasks(cursor, service_now(cursor), IN_HOURS) == 0
        breach(office, linked)
    assert (keep(office), len(tasks(office))) == (1, 1)


def test_what_a_victim_was_told_is_taken_back_when_none_of_the_zones_is_theirs_any_more(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    alert_id = breach(office, linked)
    keep(office)
    settle_told(office, tasks(office)[0]["task_id"])
    execute(office, "DELETE FROM victim_zones")
    assert keep(office) == 0
    close_as(office, alert_id, "drift", is_breach=False)
    assert (keep(office), tasks(office)[1]["kind"]) == (1, "retraction")
