"""Run a command that ends when the process that started it ends, even if that one is killed with SIGKILL.

    python die_with_parent.py PARENT_PID SIGNAL COMMAND...

It is a script of its own, run after any change of user, because such a change makes Linux forget the request; `exec`
keeps it. Elsewhere than on Linux there is no such request, and the command just runs.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


def wrapped(command: Sequence[str], last_signal: signal.Signals) -> list[str]:
    """The command line that runs `command` so that it gets `last_signal` when the calling process ends.

    Linux watches the thread that starts it, not the process: start it from one that lives long.
    """
    python = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
    return [*python, str(os.getpid()), str(int(last_signal)), *command]


def main(arguments: Sequence[str]) -> None:
    parent, last_signal, *command = arguments
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "cannot ask to end with the parent")
    if os.getppid() != int(parent):
        sys.exit("the parent ended before the command could start")
    os.execv(command[0], command)  # noqa: S606 - the argument list is our own caller's


if __name__ == "__main__":
    main(sys.argv[1:])
