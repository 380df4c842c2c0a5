"""How long each kind is kept: the document of rules, the moments that follow from it, and the end of an order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.retention import BY_AGE_ALONE, BY_END_ALONE, Cutoffs, Kind, Rule, cutoffs, default_document, parse_rules
from store.database import Cursor
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_wearer, seed_zone

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAYS = st.none() | st.integers(1, 36_500)
RULES = st.fixed_dictionaries(
    {
        kind: st.builds(Rule, st.none() if kind in BY_END_ALONE else DAYS, st.none() if kind in BY_AGE_ALONE else DAYS)
        for kind in Kind
    }
)


def changed(old: str, new: str) -> str:
    assert default_document().count(old) >= 1
    return default_document().replace(old, new, 1)


def test_the_program_s_own_rules_hold() -> None:
    rules = parse_rules(default_document())
    assert set(rules) == set(Kind)
    assert all(rule.age_days or rule.after_end_days for rule in rules.values()), "nothing is kept for ever"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("[positions", "it is no TOML"),
        (changed("[rota]", "[rotas]"), "rotas: there is no such kind\nrota: it has no rule"),
        (changed("age_days = 730", "age_days = 0"), "positions: age_days is a whole number of days from 1 to 36500"),
        (changed("age_days = 730", "age_days = true"), "positions: age_days is a whole number"),
        (changed("age_days = 730", "days = 730"), "positions: there is no days"),
        (changed("[people]", "[people]\nage_days = 9 #"), "people: it has no age_days"),
        (changed("[tokens]", "[tokens]\nafter_end_days = 9 #"), "tokens: it has no after_end_days"),
        (
            changed("[audit]", "[audit]\nage_days = 729 #").removesuffix("age_days = 2555\n"),
            "audit: it is kept no shorter than raw_archive",
        ),
    ],
)
def test_rules_that_do_not_hold_are_refused_with_what_is_wrong(document: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_rules(document)


@given(RULES)
def test_nothing_of_a_person_is_kept_longer_after_the_end_than_the_person(rules: dict[Kind, Rule]) -> None:
    found = cutoffs(rules, NOW)
    person = found[Kind.PEOPLE].end
    for kind in set(Kind) - BY_AGE_ALONE - BY_END_ALONE:
        days = rules[kind].after_end_days
        own = None if days is None else NOW - timedelta(days=days)
        ends = [end for end in (own, person) if end is not None]
        assert found[kind].end == max(ends, default=None)
        age = rules[kind].age_days
        assert found[kind].age == (None if age is None else NOW - timedelta(days=age))
    assert all(found[kind].end is None for kind in BY_AGE_ALONE)
    assert found[Kind.PEOPLE] == Cutoffs(None, person)


def ended(cursor: Cursor) -> dict[str, datetime]:
    cursor.execute("SELECT crn, orders_ended.ended_at FROM orders_ended() JOIN people USING (person_id)")
    return dict(cursor.fetchall())


def test_an_order_ends_with_the_last_of_what_there_was(migrated_database: DatabaseUrls) -> None:
    taken_off, signed_off = MORNING, MORNING + timedelta(days=3)
    with as_owner(migrated_database.owner) as cursor:
        wearers = {crn: seed_wearer(cursor, crn) for crn in ("ENDED", "LAPSED", "BASIS", "ZONE", "WORN", "UNKNOWN")}
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM legal_bases WHERE person_id <> %s", (wearers["BASIS"].person_id,))
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(
            "UPDATE activation_records SET during = tstzrange(lower(during), %s) WHERE person_id <> %s",
            (taken_off, wearers["WORN"].person_id),
        )
        cursor.execute("UPDATE people SET ended_at = %s WHERE crn IN ('ENDED', 'WORN')", (signed_off,))
        for crn in ("LAPSED", "ZONE"):
            cursor.execute(
                "WITH made AS (INSERT INTO licence_conditions (person_id, kind, reference) VALUES (%s, 'curfew', %s)"
                " RETURNING condition_id)"
                " INSERT INTO condition_versions (condition_id, version, status, name, wording, starts_at, ends_at,"
                "   drafters, decided_by, decided_at) SELECT condition_id, 1, 'live', 'n', 'w', %s, %s, '{a}', 'b', %s"
                " FROM made",
                (wearers[crn].person_id, crn, MORNING - timedelta(days=9), signed_off, MORNING),
            )
        seed_zone(cursor, "goes on", wearers["ZONE"].person_id)
        assert ended(cursor) == {
            "ENDED": signed_off,
            "LAPSED": signed_off,
            "BASIS": datetime(2100, 1, 1, tzinfo=UTC),
        }
        cursor.execute(
            "UPDATE legal_bases SET status = 'ended', ended_by = 'c', ended_at = %s, closed_at = %s",
            (signed_off, signed_off),
        )
        assert ended(cursor)["BASIS"] == signed_off
