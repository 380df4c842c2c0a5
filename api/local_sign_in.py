"""The demo's own sign-in: for whoever has a token of `cordon demo`, and nowhere but there."""

from api.services import Services
from ops.delivery_settings import is_loopback
from ops.errors import ConfigurationError
from store.database import SERVICE
from store.sessions import is_demonstration


def refuse_local_sign_in_elsewhere(services: Services) -> None:
    """Raises ConfigurationError where CORDON_LOCAL_SIGN_IN is set for anything but the demo; the database knows which
    of them is one, and refuses at each sign-in too. UnavailableError where it does not answer.
    """
    settings = services.settings
    if not settings.local_sign_in:
        return
    if settings.oidc_issuer:
        raise ConfigurationError("CORDON_LOCAL_SIGN_IN is for the demo: with CORDON_OIDC_ISSUER people sign in there")
    if not is_loopback(settings.api_host):
        raise ConfigurationError("CORDON_LOCAL_SIGN_IN is for the demo: CORDON_API_HOST has to be loopback")
    with services.background.transaction(SERVICE) as cursor:
        if not is_demonstration(cursor):
            raise ConfigurationError("CORDON_LOCAL_SIGN_IN is for the demo, and this database is not one of the demo")
