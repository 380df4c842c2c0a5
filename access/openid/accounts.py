"""What a provider's claims mean here: who somebody is, in which role, and for which police force."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access.refusals import Because, NotLetInError
from access.roles import POLICE_ROLES, Role
from crimes.files.forces import Force, force_of
from model.casework import SERVICE_SUBJECT
from ops.errors import ConfigurationError
from ops.sign_in_settings import SignInSettings
from store.checks import SUBJECT

MACHINE_PREFIX = "machine:"
"""Before the client id, so that nobody registers a client by the name of an officer."""


@dataclass(frozen=True, slots=True)
class Account:
    subject: str
    role: Role
    force: str | None  # the identifier of the police force


class AccountRules:
    """The settings' mapping. Raises ConfigurationError at a role or force that there is not."""

    def __init__(self, settings: SignInSettings) -> None:
        self._subject_claim = settings.oidc_subject_claim
        self._role_claim = settings.oidc_role_claim
        self._force_claim = settings.oidc_force_claim
        named = settings.oidc_roles or {role.value: role.value for role in Role}
        self._roles = {name: _role(role, "CORDON_OIDC_ROLES") for name, role in named.items()}
        self._machines = {
            client_id: _machine(client_id, machine.role, machine.force)
            for client_id, machine in settings.oidc_machines.items()
        }

    def person(self, claims: Mapping[str, Any]) -> Account:
        """Raises NotLetInError unless the claims name one subject, one role and, for police, their force."""
        subject = claims.get(self._subject_claim)
        if not isinstance(subject, str) or not _is_of_a_person(subject):
            raise NotLetInError(
                Because.NO_SUBJECT, f"Your account has no name that this service can use (claim {self._subject_claim})."
            )
        role = self._role_of(claims.get(self._role_claim))
        return Account(subject, role, self._force_of(claims) if role in POLICE_ROLES else None)

    def machine(self, client_id: str) -> Account:
        """Raises NotLetInError where the settings do not name it."""
        account = self._machines.get(client_id)
        if account is None:
            raise NotLetInError(Because.UNKNOWN_MACHINE, "This client is not among the machines of this service.")
        return account

    def grants(self, role: Role) -> bool:
        """Whether a person can have the role by these rules."""
        return role in self._roles.values()

    def _role_of(self, claim: object) -> Role:
        names = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
        roles = {self._roles[name] for name in names if isinstance(name, str) and name in self._roles}
        if not roles:
            raise NotLetInError(
                Because.NO_ROLE, "Your account has no role in this service: ask whoever administers accounts for one."
            )
        if len(roles) > 1:
            raise NotLetInError(
                Because.SEVERAL_ROLES,
                f"Your account has several roles in this service ({', '.join(sorted(roles))}), and each look is made in"
                " one: ask whoever administers accounts to leave one.",
            )
        return roles.pop()

    def _force_of(self, claims: Mapping[str, Any]) -> str:
        claim = claims.get(self._force_claim)
        force = force_of(claim) if isinstance(claim, str) else None
        if not isinstance(force, Force):
            raise NotLetInError(
                Because.NO_FORCE, f"Your account names no police force that is known (claim {self._force_claim})."
            )
        return force.identifier


def _is_of_a_person(subject: str) -> bool:
    is_ours = subject.lower() == SERVICE_SUBJECT or subject.lower().startswith(MACHINE_PREFIX)
    return SUBJECT.fullmatch(subject) is not None and not is_ours


def _machine(client_id: str, role_name: str, force_name: str | None) -> Account:
    where = f"CORDON_OIDC_MACHINES: {client_id}"
    role = _role(role_name, where)
    force = None if force_name is None else force_of(force_name)
    if SUBJECT.fullmatch(MACHINE_PREFIX + client_id) is None:
        raise ConfigurationError(f"{where}: a client id has letters, digits and signs of ASCII without blanks")
    if (role in POLICE_ROLES) != isinstance(force, Force):
        raise ConfigurationError(f"{where}: police roles need a police force that is known, and others have none")
    return Account(MACHINE_PREFIX + client_id, role, force.identifier if isinstance(force, Force) else None)


def _role(name: str, where: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise ConfigurationError(f"{where}: there is no role {name}; the roles are {', '.join(Role)}") from None
