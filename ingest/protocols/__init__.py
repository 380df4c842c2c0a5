"""Phone protocols: a payload becomes canonical pings, or a named refusal. Pure."""
