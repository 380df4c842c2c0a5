"""Who may be tagged: each criterion is answered with what it rests on, and none speaks of what a person is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.casework_rules import default_document, default_rules, rules_of
from alerts.eligibility import (
    Answer,
    AnsweredCriterion,
    Decision,
    Facts,
    StatedAnswer,
    age_on,
    assess,
    fact_problems,
    letter,
    london_day,
    never_asked_words,
)
from ops.errors import InputError

RULES = default_rules().eligibility
STATED = {
    "knife_offence": StatedAnswer(Answer.MET, "PNC record"),
    "address_can_charge": StatedAnswer(Answer.MET, "visited"),
}
FACTS = Facts(date(2026, 3, 2), date(1999, 4, 30), "HMP Brixton", "Croydon", "It is proportionate because", STATED)


def answer_of(facts: Facts, code: str) -> AnsweredCriterion:
    return next(one for one in assess(RULES, facts).answers if one.code == code)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), 17),
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),  # no birthday in a common year before 1 March
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2008, 12, 31), date(2026, 12, 30), 17),
    ],
)
def test_age_is_by_the_calendar(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 60_000))
def test_nobody_grows_younger_and_a_birthday_comes_once_a_year(born: date, days: int) -> None:
    day = born + timedelta(days=days)
    assert 0 <= age_on(born, day + timedelta(days=1)) - age_on(born, day) <= 1
    assert age_on(born, day) == sum(1 for year in range(born.year + 1, day.year + 1) if _birthday(born, year) <= day)


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def test_the_day_is_london_s() -> None:
    assert london_day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert london_day(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)) == date(2026, 1, 1)


def test_who_meets_every_criterion_is_eligible() -> None:
    assessed = assess(RULES, FACTS)
    assert assessed.is_eligible
    assert [one.answer for one in assessed.answers] == [Answer.MET] * 6
    assert all(one.basis for one in assessed.answers)


@pytest.mark.parametrize(
    ("facts", "code", "answer", "basis"),
    [
        (replace(FACTS, date_of_birth=date(2008, 3, 3)), "age", Answer.NOT_MET, "17 years old on 2 March 2026"),
        (replace(FACTS, date_of_birth=None), "age", Answer.NOT_KNOWN, "no date of birth"),
        (replace(FACTS, prison="HMP Leeds"), "london_prison", Answer.NOT_MET, "HMP Leeds"),
        (replace(FACTS, prison=None), "london_prison", Answer.NOT_KNOWN, "no prison"),
        (replace(FACTS, borough="Camden"), "pilot_borough", Answer.NOT_MET, "Camden takes no part"),
        (replace(FACTS, borough=None), "pilot_borough", Answer.NOT_KNOWN, "no borough"),
        (replace(FACTS, stated={}), "knife_offence", Answer.NOT_KNOWN, "nobody has answered"),
        (
            replace(FACTS, stated={**STATED, "address_can_charge": StatedAnswer(Answer.NOT_MET, "no electricity")}),
            "address_can_charge",
            Answer.NOT_MET,
            "no electricity",
        ),
    ],
)
def test_one_criterion_that_is_not_met_is_enough(facts: Facts, code: str, answer: Answer, basis: str) -> None:
    found = answer_of(facts, code)
    assert found.answer is answer
    assert basis in found.basis
    assert not assess(RULES, facts).is_eligible
    assert code in assess(RULES, facts).reason


def test_a_borough_is_open_from_its_first_day_to_the_day_before_it_closes() -> None:
    closing = replace(RULES.boroughs[0], opens=date(2026, 3, 1), closes=date(2026, 4, 1))
    rules = replace(RULES, boroughs=(closing,))
    open_on = [
        day
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
        if assess(rules, replace(FACTS, day=day, borough=" croydon ")).is_eligible
    ]
    assert open_on == [date(2026, 3, 1), date(2026, 3, 31)]
    late = assess(rules, replace(FACTS, day=date(2026, 4, 1))).reason
    assert "Croydon is not open on 1 April 2026: it closed on 1 April 2026" in late


def test_a_criterion_that_is_not_required_decides_nothing() -> None:
    optional = tuple(replace(one, is_required=one.code != "knife_offence") for one in RULES.criteria)
    assert assess(
        replace(RULES, criteria=optional),
        replace(FACTS, stated=STATED | {"knife_offence": StatedAnswer(Answer.NOT_MET, "none")}),
    ).is_eligible


def test_what_cannot_be_decided_on_is_named_all_at_once() -> None:
    stated = {
        "age": StatedAnswer(Answer.MET, "looks it"),
        "shoe_size": StatedAnswer(Answer.MET, "measured"),
        "knife_offence": StatedAnswer(Answer.MET, " "),
    }
    problems = fact_problems(RULES, replace(FACTS, screening_note=" ", stated=stated))
    assert {field for field, _, _ in problems} == {
        "screening_note",
        "stated.age",
        "stated.shoe_size",
        "stated.knife_offence.basis",
    }


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("gang_nominal", "You are on a list."),
        ("listed", "You are on the Gangs Violence Matrix."),
        ("x", "Your ethnicity was considered."),
        ("x", "You are of that RELIGION."),
        ("x", "Your nationality is another."),
        ("sex", "You were asked."),
        ("x", "You have a disability."),
        ("x", "Of which race you are."),
    ],
)
def test_no_rule_speaks_of_a_gang_or_a_protected_characteristic(code: str, words: str) -> None:
    document = default_document().replace(
        "criteria = [\n", f'criteria = [\n  {{ code = "{code}", words = "{words}" }},\n'
    )
    assert document != default_document()
    with pytest.raises(InputError, match="gang label or a protected characteristic"):
        rules_of(document, 1)


def test_words_that_only_look_alike_are_let_through() -> None:
    assert never_asked_words("brace tracery Essex organg sexton") == []


@pytest.mark.parametrize("code", ["age", "proportionate"])
def test_age_and_proportion_are_always_asked(code: str) -> None:
    document = default_document().replace(f'{{ code = "{code}",', f'{{ is_required = false, code = "{code}",')
    with pytest.raises(InputError, match=f"{code} has to be there, and required"):
        rules_of(document, 1)


def test_the_letter_gives_every_reason_in_the_rules_words_and_how_to_challenge() -> None:
    assessed = assess(RULES, replace(FACTS, borough="Camden"))
    written = letter(
        Decision(
            name="Sam Example",
            crn="X1",
            for_day=FACTS.day,
            answers=assessed.answers,
            is_eligible=assessed.is_eligible,
            screening_note=FACTS.screening_note,
            how_to_challenge=RULES.how_to_challenge,
            rules_version=3,
            decided_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        )
    )
    assert all(one.words in written for one in RULES.criteria)
    assert "You will not be given a GPS tag." in written
    assert "This was found not to be so. This rests on: Camden takes no part" in written
    assert RULES.how_to_challenge in written
    assert "1 March 2026, for 2 March 2026" in written
