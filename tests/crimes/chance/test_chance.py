"""How a presence is weighed against the wearer's routine, and in what words."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crimes.chance.routine_stretches import LOOK_HOURS, LOOK_US, Stretch
from crimes.chance.weight import CAUTION, CROWDED, LEAST_WINDOWS, ChanceWeight, Seen, weigh_chance
from model.times import DAY_US, SECOND_US

HOUR_US = 3600 * SECOND_US
MONDAY = 20_500 - (20_500 + 3) % 7
WINDOW_HOUR = 14


def window(day: int, there: int, parts: int = 6) -> Seen:
    from_us = (MONDAY + day) * DAY_US + WINDOW_HOUR * HOUR_US
    return Seen(Stretch(MONDAY + day, None, from_us, from_us + HOUR_US), there, parts)


def look(day: int, hour: int, there: int, parts: int = 1) -> Seen:
    from_us = (MONDAY + day) * DAY_US + hour * HOUR_US
    return Seen(Stretch(MONDAY + day, hour, from_us, from_us + LOOK_US), there, parts)


def looks(days: int, there: set[int]) -> list[Seen]:
    """Covered days, with a position at the scene in the hours of ``there``."""
    return [look(day, hour, int(hour in there)) for day in range(days) for hour in LOOK_HOURS]


def weigh(seen: list[Seen], *, is_weekend: bool = False) -> ChanceWeight:
    return weigh_chance(seen, is_weekend=is_weekend, least_positions=2)


def test_the_fixture_begins_on_a_monday() -> None:
    assert [window(day, 0).stretch.is_weekend for day in range(7)] == [False] * 5 + [True] * 2


def test_weekdays_are_compared_with_weekdays_by_the_rule_of_succession() -> None:
    weight = weigh([window(day, 2 if day < 4 or day % 7 >= 5 else 0) for day in range(28)])
    assert (weight.windows_there, weight.windows_compared, weight.kind_of_day) == (4, 20, "weekday")
    assert weight.probability == 5 / 22
    assert weight.yardstick == "highly unlikely to unlikely"


def test_a_weekend_has_its_own_routine() -> None:
    weight = weigh([window(day, 2 if day % 7 >= 5 else 0) for day in range(28)], is_weekend=True)
    assert (weight.windows_there, weight.windows_compared, weight.kind_of_day) == (8, 8, "weekend day")


def test_too_few_of_the_kind_are_compared_with_all() -> None:
    weight = weigh([window(day, 0) for day in range(10)], is_weekend=True)
    assert (weight.windows_compared, weight.kind_of_day) == (10, "day")


def test_too_little_history_is_said_and_not_guessed() -> None:
    weight = weigh([window(day, 2) for day in range(LEAST_WINDOWS - 1)])
    assert weight.probability is None
    assert weight.yardstick is None
    assert "too little history: only 6 earlier days can be compared" in weight.words[0]


def test_without_any_track_there_is_no_history() -> None:
    weight = weigh([window(day, 0, parts=0) for day in range(28)])
    assert (weight.probability, weight.windows_compared, weight.days_compared) == (None, 0, 0)
    assert "too little history: no earlier day can be compared" in weight.words[0]
    assert weight.words[-1] == CAUTION


def test_a_day_of_which_less_than_half_is_covered_is_not_compared() -> None:
    days = [window(day, 0) for day in range(12)] + [window(day, 0, parts=2) for day in range(14, 19)]
    assert weigh(days).windows_compared == 10
    assert weigh([*days, window(21, 0, parts=3)]).windows_compared == 11


def test_a_day_on_which_the_wearer_was_there_tells_however_little_is_covered() -> None:
    assert weigh([*(window(day, 0) for day in range(12)), window(14, 2, parts=1)]).windows_there == 1


def of_another_crime(one: Seen) -> Seen:
    return replace(one, stretch=replace(one.stretch, touches_another=True))


def test_the_days_of_a_series_are_left_out() -> None:
    series = [of_another_crime(one) for day in range(4) for one in (window(day, 2), look(day, 15, 1))]
    weight = weigh([*series, *(window(day, 0) for day in range(4, 28))])
    assert (weight.windows_there, weight.windows_compared, weight.days_there) == (0, 16, 0)
    assert CROWDED not in weight.words


def test_where_crimes_are_reported_every_day_they_are_compared_and_it_is_said() -> None:
    weight = weigh([of_another_crime(window(day, 2)) for day in range(22)] + [window(day, 0) for day in range(22, 28)])
    assert (weight.windows_there, weight.windows_compared) == (16, 20)
    assert CROWDED in weight.words


def test_one_position_would_not_have_counted() -> None:
    assert weigh([window(day, 1) for day in range(28)]).windows_there == 0


def test_who_lives_next_door_is_said_to() -> None:
    weight = weigh(looks(28, {0, 3, 6, 21}))
    assert (weight.nights_there, weight.nights_compared) == (28, 28)
    assert any("28 of 28 nights: lives there or next door" in one for one in weight.words)


def test_who_is_there_by_day_does_not_live_there() -> None:
    weight = weigh(looks(28, {9, 12, 15}))
    assert (weight.nights_there, weight.nights_compared, weight.days_there, weight.days_compared) == (0, 28, 28, 28)
    assert any("28 of 28 days: is there, or passes, on most days" in one for one in weight.words)
    assert not any("lives" in one for one in weight.words)


def test_who_was_never_seen_there_is_said_to_be_so() -> None:
    weight = weigh([*(window(day, 0) for day in range(28)), *looks(28, set())])
    assert any("not seen at the scene on any of 28 days" in one for one in weight.words)
    assert weight.yardstick == "remote chance"


SEEN = st.lists(
    st.one_of(
        st.builds(window, st.integers(0, 27), st.integers(0, 5), st.integers(0, 6)),
        st.builds(look, st.integers(0, 27), st.sampled_from(LOOK_HOURS), st.integers(0, 3), st.integers(0, 1)),
    ),
    max_size=120,
)


@given(SEEN, st.booleans())
def test_every_weight_is_a_probability_and_says_what_it_is_not(seen: list[Seen], is_weekend: bool) -> None:
    weight = weigh(seen, is_weekend=is_weekend)
    assert weight.probability is None or 0 < weight.probability < 1
    assert (weight.probability is None) == (weight.windows_compared < LEAST_WINDOWS)
    assert weight.windows_there <= weight.windows_compared
    assert weight.nights_there <= weight.nights_compared
    assert weight.days_there <= weight.days_compared
    assert weight.words[-1] == CAUTION


@given(st.lists(st.integers(0, 5), min_size=LEAST_WINDOWS, max_size=28), st.data(), st.booleans())
def test_one_more_day_there_never_makes_chance_less_probable(
    there: list[int], data: st.DataObject, is_weekend: bool
) -> None:
    seen = [window(day, count) for day, count in enumerate(there)]
    place = data.draw(st.integers(0, len(seen) - 1))
    more = [*seen]
    more[place] = replace(seen[place], positions_there=seen[place].positions_there + 2)
    before, after = (weigh(one, is_weekend=is_weekend).probability for one in (seen, more))
    assert before is not None
    assert after is not None
    assert after >= before
