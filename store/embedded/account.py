"""Whose account a PostgreSQL server runs under, since it refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMESPACE = ("--user", "--map-user=1000", "--map-group=1000", "--")


@dataclass(frozen=True)
class Account:
    """`prefix` goes before a command; `owner` is the (user id, group id) its folders need, None where they fit."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def take(self, folder: Path) -> None:
        """Make the account the owner of a folder and all in it, as an earlier start may have used another account."""
        if self.owner is None or folder.stat().st_uid == self.owner[0]:
            return
        for path in (*folder.rglob("*"), folder):
            os.chown(path, *self.owner, follow_symlinks=False)


def choose_account(folder: Path, program: Path) -> Account | None:
    """The account to run `program` on `folder` with; None where root has no way to put off being root."""
    if os.geteuid() != 0:
        return Account()
    return _namespace(folder, program) or _other_user(folder, program)


def _namespace(folder: Path, program: Path) -> Account | None:
    """A user namespace in which root has another number: no folder needs to be opened to anybody."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    account = Account((unshare, *_NAMESPACE), (0, 0))
    return account if _reaches(account, folder, program) else None


def _other_user(folder: Path, program: Path) -> Account | None:
    """The folder's owner or nobody, who keeps one right of root's: to pass the closed folders on the way."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return None
    kept, nobody = folder.stat(), pwd.getpwnam("nobody")
    user, group = (kept.st_uid, kept.st_gid) if kept.st_uid else (nobody.pw_uid, nobody.pw_gid)
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    prefix = (setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups", *rights, "--")
    account = Account(prefix, (user, group))
    return account if _reaches(account, folder, program) else None


def _reaches(account: Account, folder: Path, program: Path) -> bool:
    """Tried, not asked: `access` leaves out a right kept by another user. The folder is closed to all but its owner."""
    trial = ("env", "-C", str(folder), str(program), "--version")
    return subprocess.run([*account.prefix, *trial], capture_output=True, check=False).returncode == 0
