"""Where settings come from besides the environment's own variables, and which variables are none of ours."""

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from ops.errors import ConfigurationError

PREFIX = "CORDON_"
FILE_ENDING = "_FILE"
READ_ELSEWHERE = frozenset({"CORDON_REPLAY_KEY"})
"""Of single commands."""
OF_TESTS = ("CORDON_TEST_", "CORDON_BENCH_")
LIKE_ENOUGH = 0.75  # of difflib's ratio: a letter or two apart


class SecretFiles(PydanticBaseSettingsSource):
    """Each secret ``CORDON_X`` from the file that ``CORDON_X_FILE`` names, as secret stores mount them."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The secret, the field's name, and that it is no JSON. Raises ConfigurationError where it cannot be read."""
        variable = variable_of(field_name)
        file = os.environ.get(variable + FILE_ENDING, "")
        if not is_secret(field) or not file:
            return None, field_name, False
        if os.environ.get(variable):
            raise ConfigurationError(f"{variable} and {variable}{FILE_ENDING} are both set: give one of them")
        return _read(variable + FILE_ENDING, Path(file)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def variable_of(field_name: str) -> str:
    return PREFIX + field_name.upper()


def is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr


def variables_of(fields: Mapping[str, FieldInfo]) -> list[str]:
    """Every variable that is read, in the fields' order: of a secret the one for its file too."""
    names = []
    for name, field in fields.items():
        names.append(variable_of(name))
        if is_secret(field):
            names.append(variable_of(name) + FILE_ENDING)
    return names


def refuse_unknown(known: Collection[str]) -> None:
    """A mistyped setting would leave its default in force, in silence. Raises ConfigurationError that names each."""
    unknown = [
        name
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and not name.startswith(OF_TESTS)
        and name not in known
        and name not in READ_ELSEWHERE
    ]
    if unknown:
        raise ConfigurationError("there is no such setting:\n" + "\n".join(_remedy(name, known) for name in unknown))


def _remedy(name: str, known: Collection[str]) -> str:
    alike = difflib.get_close_matches(name, known, n=1, cutoff=LIKE_ENOUGH)
    remedy = f"did you mean {alike[0]}?" if alike else "docs/operations.md lists every setting; take this one away"
    return f"{name}: {remedy}"


def _read(variable: str, file: Path) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{variable}: {file} cannot be read: {reason}") from None
    if not secret:
        raise ConfigurationError(f"{variable}: {file} is empty")
    return secret
