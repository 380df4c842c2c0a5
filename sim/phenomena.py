"""What befell a simulated fix, so that an evaluation can say which trouble a false alert came from."""

from enum import IntFlag


class Phenomenon(IntFlag):
    """Bits; no tag would tell any of them."""

    NONE = 0
    INDOORS = 1
    MULTIPATH = 2  # a bias of tens of metres that is not stated
    COLD_START = 4  # a first fix after a gap, worse than stated
    OUTLIER = 8  # kilometres away
    NOT_STATED = 16  # no accuracy
    DUPLICATE = 32  # sent again
    OFFLINE = 64  # kept on the tag and uploaded later
    INTAKE_OUTAGE = 128  # waited until our own intake was back
    CLOCK_WRONG = 256  # by minutes
    CLOCK_AHEAD = 512  # by a second or so
    ABSURD_TIME = 1024  # by years
    NEWEST_FIRST = 2048  # uploaded in the order opposite to that of the fix times
