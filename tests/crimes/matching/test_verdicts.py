"""Verdicts, rule by rule: one wearer, one scene, times in seconds after noon."""

from dataclasses import replace

import pytest

from crimes.scenes import Worn
from model.crimes import Match, MatchingSettings, MatchVerdict
from model.device_events import DeviceEventKind
from model.devices import FOREVER_US
from model.enums import Mechanism, PositionFlag
from tests.crimes.matching.examples import (
    DEVICE,
    EXACT,
    SETTINGS,
    At,
    every,
    matched,
    said,
    scene,
    us,
)

NAN = float("nan")
TEN_MINUTES = scene((0, 600))
FAR = every(60, -600, 1200, x=5000)


def labels(match: Match) -> list[str | None]:
    return [one.label for one in match.positions]


def verdict(track: list[At], settings: MatchingSettings = EXACT) -> MatchVerdict:
    return matched(TEN_MINUTES, track, settings).verdict


def test_two_positions_in_the_circle_are_present_and_one_is_possible() -> None:
    there = [At(200), At(260)]
    assert verdict([At(-600, 3000), *there, At(1200, 3000)]) is MatchVerdict.PRESENT
    match = matched(TEN_MINUTES, [At(-600, 3000), there[0], At(1200, 3000)])
    assert match.verdict is MatchVerdict.POSSIBLE
    assert match.reasons[0].startswith("1 position at 2026-03-16 12:03:20 UTC, 0 m away, counts: at least 50% of its")
    assert match.reasons[1] == "to say present takes 2 that count, at different times in one window: there is 1"


def test_half_of_the_circle_has_to_lie_within_the_crimes_circle() -> None:
    assert verdict(every(60, 0, 600, x=98)) is MatchVerdict.PRESENT
    at_edge = matched(TEN_MINUTES, every(60, 0, 600, x=103))
    assert at_edge.verdict is MatchVerdict.POSSIBLE
    assert "of a confidence circle at the most lies there, and 50% are needed" in at_edge.reasons[0]


def test_the_padding_belongs_to_the_window_and_its_ends_count() -> None:
    track = [At(-4000, 9000), At(-600), At(1200), At(4000, 9000)]
    assert verdict(track, SETTINGS) is MatchVerdict.PRESENT
    assert verdict(track, replace(SETTINGS, padding_s=599)) is not MatchVerdict.PRESENT


def test_two_positions_of_one_time_are_one_observation() -> None:
    track = [At(-60, 900), At(100, 3), At(100, -3), At(700, 900)]
    assert verdict(track) is MatchVerdict.POSSIBLE


def test_who_was_elsewhere_throughout_is_absent_and_the_match_says_how_near() -> None:
    match = matched(TEN_MINUTES, FAR)
    assert match.verdict is MatchVerdict.ABSENT
    assert match.gaps == ()
    assert match.nearest_m == pytest.approx(5000, abs=0.01)
    assert match.position_count == 11
    assert (match.covered_from_us, match.covered_to_us) == (us(0), us(600))
    assert "at 126 km/h (78 mph) or less to within 100 m of the stated place" in match.reasons[0]


def test_without_a_position_before_and_after_nobody_is_absent() -> None:
    assert verdict(every(60, 1, 1200, x=9000)) is MatchVerdict.CANNOT_SAY
    still_open = matched(TEN_MINUTES, every(60, -600, 599, x=9000))
    assert still_open.verdict is MatchVerdict.CANNOT_SAY
    assert "cannot be said until a later position comes" in still_open.reasons[0]
    assert verdict([]) is MatchVerdict.CANNOT_SAY


def test_a_gap_that_leaves_time_for_the_journey_says_how_fast_it_has_to_be() -> None:
    match = matched(TEN_MINUTES, [*every(60, -600, 0, x=5000), *every(60, 600, 1200, x=5000)])
    assert match.verdict is MatchVerdict.CANNOT_SAY
    (gap,) = match.gaps
    assert (gap.from_us, gap.to_us) == (us(0), us(600))
    assert gap.needed_speed_mps == pytest.approx(2 * (5000 - 100 - 100) / 600)
    assert "took a mean speed of at least 58 km/h (36 mph)" in match.reasons[0]
    near = matched(TEN_MINUTES, [*every(60, -600, 0, x=250), *every(60, 600, 1200, x=250)])
    assert "a walk by way of the scene was fast enough" in near.reasons[0]


def test_the_place_s_uncertainty_widens_what_has_to_be_ruled_out_and_is_too_wide_for_present() -> None:
    near = every(60, -600, 1200, x=1300)
    assert matched(TEN_MINUTES, near).verdict is MatchVerdict.ABSENT
    assert matched(scene((0, 600), uncertainty_m=300), near).verdict is MatchVerdict.CANNOT_SAY
    assert matched(scene((0, 600), uncertainty_m=1290), near).verdict is MatchVerdict.POSSIBLE
    there = every(60, -600, 1200)
    assert matched(scene((0, 600), uncertainty_m=100), there).verdict is MatchVerdict.PRESENT
    assert matched(scene((0, 600), uncertainty_m=101), there).verdict is MatchVerdict.POSSIBLE


def test_both_instants_of_a_repeated_hour_are_searched_and_neither_lends_to_the_other() -> None:
    twice = scene((0, 300), (3600, 3900))
    second = [*every(60, -600, 3000, x=9000), *every(60, 3500, 3900), *every(60, 4500, 4600, x=9000)]
    assert matched(twice, second).verdict is MatchVerdict.PRESENT
    assert "one of 2 stretches, all of which are searched" in " ".join(matched(twice, second).reasons)
    one_each = [At(-900, 9000), At(100), At(1800, 9000), At(3700), At(4800, 9000)]
    match = matched(twice, one_each)
    assert match.verdict is MatchVerdict.POSSIBLE
    assert labels(match) == ["A1", "B1"]
    in_between = [*every(60, -600, 600, x=9000), *every(60, 3000, 4500, x=9000)]
    assert matched(twice, in_between).verdict is MatchVerdict.ABSENT


def test_one_outlier_at_the_scene_is_no_presence_and_changes_nothing() -> None:
    match = matched(TEN_MINUTES, [*FAR, At(330)])
    assert match.verdict is MatchVerdict.ABSENT
    assert "1 position at 2026-03-16 12:05:30 UTC at the scene left out" in match.reasons[1]
    assert labels(match) == [None]


def test_an_outlier_far_away_does_not_rule_out_whoever_was_there() -> None:
    there = every(60, -600, 1200)
    there[20] = At(600, 40_000)
    assert matched(scene((570, 630)), there).verdict is MatchVerdict.POSSIBLE  # the way past it leads over the scene


def test_two_outliers_together_contradict_the_track_and_neither_side_is_believed() -> None:
    match = matched(TEN_MINUTES, [*FAR, At(310), At(320), At(330), At(340)])
    assert match.verdict is MatchVerdict.POSSIBLE
    assert "contradict each other" in " ".join(match.reasons)


def test_on_a_fast_train_no_stop_is_ruled_out_that_it_could_have_reached() -> None:
    train = [At(float(one), 60.0 * one, 1500) for one in range(-600, 1260, 60)]
    assert matched(scene((-30, 30)), train, EXACT).verdict is not MatchVerdict.ABSENT


def test_a_train_between_two_positions_is_possible_only_as_a_way_through() -> None:
    passing = [At(-630, 9000), At(-30, -700), At(30, 700), At(630, 9000)]
    match = matched(TEN_MINUTES, passing)
    assert match.verdict is MatchVerdict.POSSIBLE
    assert "the straight way between the positions of" in match.reasons[0]


@pytest.mark.parametrize(("accuracy_m", "expected"), [(NAN, 30.0), (0.0, 30.0), (2.0, 5.0), (60.0, 60.0)])
def test_an_accuracy_that_is_not_stated_is_never_perfect(accuracy_m: float, expected: float) -> None:
    match = matched(TEN_MINUTES, [replace(one, accuracy_m=accuracy_m) for one in every(60, 0, 600)])
    assert {one.accuracy_m for one in match.positions} == {expected}
    assert {one.accuracy_stated for one in match.positions} == {accuracy_m > 0}


def test_cell_towers_alone_are_possible_at_most_and_rule_nobody_out() -> None:
    towers = [replace(one, mechanism=Mechanism.LBS, accuracy_m=40.0) for one in every(60, -600, 1200)]
    assert verdict(towers) is MatchVerdict.POSSIBLE
    assert verdict([replace(one, x=20_000.0) for one in towers]) is MatchVerdict.CANNOT_SAY


def test_a_cell_tower_over_the_scene_says_nothing_where_there_was_no_time_to_be_there() -> None:
    assert verdict([*FAR, At(330, 4000, accuracy_m=4500.0, mechanism=Mechanism.LBS)]) is MatchVerdict.ABSENT
    gap = [*every(60, -600, 0, x=5000), At(300, 400, accuracy_m=900.0, mechanism=Mechanism.LBS), At(600, 5000)]
    assert verdict(gap) is MatchVerdict.POSSIBLE


@pytest.mark.parametrize("coarse_comes_first", [True, False])
def test_nor_at_the_very_time_of_a_position_elsewhere(coarse_comes_first: bool) -> None:
    coarse, elsewhere = At(93, accuracy_m=400.0), At(93, 0, 3600, accuracy_m=8.0)
    together = [coarse, elsewhere] if coarse_comes_first else [elsewhere, coarse]
    assert verdict([At(0, accuracy_m=8.0, x=3600), *together]) is MatchVerdict.CANNOT_SAY


def test_wifi_alone_is_possible_and_one_of_satellites_makes_it_present() -> None:
    wifi = [replace(one, mechanism=Mechanism.WIFI) for one in every(60, 0, 600)]
    assert verdict(wifi) is MatchVerdict.POSSIBLE
    assert verdict([*wifi, At(33)]) is MatchVerdict.PRESENT


def test_at_the_home_beacon_the_circle_is_how_far_it_is_heard() -> None:
    beacon = [replace(one, mechanism=Mechanism.RF, accuracy_m=NAN) for one in every(60, 0, 600, x=90)]
    match = matched(TEN_MINUTES, beacon)
    assert {one.accuracy_m for one in match.positions} == {50.0}
    assert match.verdict is MatchVerdict.PRESENT
    assert verdict([replace(one, x=120.0) for one in beacon]) is MatchVerdict.POSSIBLE


def test_a_position_later_than_its_receipt_is_believed_in_nothing() -> None:
    ahead = [replace(one, received_s=one.time_s - 31) for one in every(60, -600, 1200)]
    assert verdict(ahead) is MatchVerdict.CANNOT_SAY
    assert verdict([replace(one, x=9000.0) for one in ahead]) is MatchVerdict.CANNOT_SAY
    assert verdict([replace(one, received_s=one.time_s - 1.5) for one in FAR]) is MatchVerdict.ABSENT


def test_an_inferred_place_is_no_position_of_a_tag() -> None:
    assert verdict([replace(one, flags=int(PositionFlag.INFERRED)) for one in FAR]) is MatchVerdict.CANNOT_SAY


def test_a_tag_whose_strap_is_open_says_nothing_of_the_wearer() -> None:
    opened = {DEVICE: [said(DeviceEventKind.STRAP_TAMPER, -5000)]}
    assert matched(TEN_MINUTES, FAR, events=opened).verdict is MatchVerdict.CANNOT_SAY
    closed = {DEVICE: [*opened[DEVICE], said(DeviceEventKind.STRAP_RESTORED, -700)]}
    assert matched(TEN_MINUTES, FAR, events=closed).verdict is MatchVerdict.ABSENT
    left_there = matched(TEN_MINUTES, every(60, -600, 1200), events=opened)
    assert left_there.verdict is MatchVerdict.POSSIBLE
    assert "its strap was open: it does not speak for the wearer" in left_there.reasons[0]


def test_what_a_tag_did_on_someone_else_is_not_this_wearers() -> None:
    worn = (Worn(1, DEVICE, us(900), FOREVER_US),)
    match = matched(TEN_MINUTES, every(60, -600, 1200), worn=worn)
    assert match.verdict is MatchVerdict.CANNOT_SAY
    assert match.positions == ()
    opened_before = {DEVICE: [said(DeviceEventKind.STRAP_TAMPER, -50)]}
    taken_over = (Worn(1, DEVICE, us(-5), FOREVER_US),)
    assert (
        matched(TEN_MINUTES, every(5, 0, 1200), worn=taken_over, events=opened_before).verdict is MatchVerdict.PRESENT
    )


def test_a_swap_of_devices_in_the_window_is_one_track() -> None:
    first, second = Worn(1, DEVICE, 0, us(290)), Worn(2, 71, us(290), FOREVER_US)
    track = [replace(one, device_id=DEVICE if one.time_s < 290 else 71) for one in FAR]
    assert matched(TEN_MINUTES, track, worn=(first, second)).verdict is MatchVerdict.ABSENT
    there = [replace(one, x=0.0) for one in track]
    match = matched(TEN_MINUTES, there, worn=(first, second))
    assert match.verdict is MatchVerdict.PRESENT
    assert {one.device_id for one in match.positions} == {DEVICE, 71}


def test_visits_are_parted_by_a_position_elsewhere_or_a_long_time() -> None:
    track = [At(0), At(60, 20), At(120, 300), At(180), At(240, 103), At(300), At(540)]
    assert labels(matched(TEN_MINUTES, track)) == ["A1", "A2", "B1", None, "B2", "B3"]
    assert labels(matched(scene((0, 900)), [At(0), At(100), At(701)])) == ["A1", "A2", "B1"]


def test_a_scene_without_a_place_or_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"scenes \[1\] have no window, or no place on the plane"):
        matched(replace(TEN_MINUTES, windows=()), FAR)
    with pytest.raises(ValueError, match=r"scenes \[1\] have no window, or no place on the plane"):
        matched(replace(TEN_MINUTES, lat=NAN), FAR)
