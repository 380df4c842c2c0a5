"""The nouns of the service. Standard library only; nothing here knows a database, a broker or a clock."""
