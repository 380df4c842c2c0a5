"""What the servers that tests start have in common: where they are installed, and how their absence is told."""

import fcntl
import hashlib
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".servers"
INSTALL_SECONDS = 900.0


class ServerUnavailable(Exception):  # noqa: N818 - it is a state of the machine, which makes a skip
    """The server cannot be had on this machine; the message says why and what would change it."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def tool(name: str, package: str) -> str:
    """The path of a program, or the package that would bring it."""
    path = shutil.which(name)
    if path is None:
        raise ServerUnavailable(f"no `{name}` on this machine; install {package}, or Docker")
    return path


def run_tool(command: Sequence[object], purpose: str, seconds: float) -> str:
    """What a program prints, given words and paths; its last words become the reason when it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerUnavailable(f"{purpose} took longer than {seconds:.0f} s") from None
    if done.returncode != 0:
        raise ServerUnavailable(f"{purpose} failed: {' / '.join(done.stdout.strip().splitlines()[-5:])}")
    return done.stdout


def installed_once(name: str, recipe: Path, install: Callable[[Path], None]) -> Path:
    """The folder `.servers/NAME`, installed on first use and again when its recipe or its place changes.

    Two runs at the same time install it once; a broken installation leaves no stamp, and so is made again.
    """
    folder = INSTALLED / name
    stamp = folder / ".installed"
    made_from = f"{hashlib.sha256(recipe.read_bytes()).hexdigest()} {folder}"
    INSTALLED.mkdir(exist_ok=True)
    with (INSTALLED / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != made_from:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            stamp.write_text(made_from)
    return folder
