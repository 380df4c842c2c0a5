"""The precision of matching: shares with their intervals, and nothing of a few cases."""

import pytest

from crimes.chance.precision import LEAST_CASES, JudgedMatches, Share, precision_of
from model.crimes import MatchVerdict


def judged(confirmed: int, rejected: int, borne_out: int = 0, refuted: int = 0) -> JudgedMatches:
    return JudgedMatches(1, MatchVerdict.PRESENT, confirmed, rejected, borne_out, refuted)


def test_the_share_is_of_those_decided() -> None:
    precision = precision_of(judged(18, 2, borne_out=4, refuted=1))
    assert (precision.confirmed.cases, precision.confirmed.share) == (20, 0.9)
    assert (precision.confirmed.least, precision.confirmed.most) == pytest.approx((0.699, 0.972), abs=1e-3)
    assert (precision.borne_out.cases, precision.borne_out.share) == (5, 0.8)


@pytest.mark.parametrize("confirmed", range(LEAST_CASES))
def test_of_fewer_than_five_nothing_is_said(confirmed: int) -> None:
    assert precision_of(judged(confirmed, LEAST_CASES - 1 - confirmed)).confirmed == Share(None, None, None, None)
