"""People and machines that an OpenID Connect provider vouches for."""
