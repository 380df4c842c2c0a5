"""The watch: judges silence, what devices say of themselves, and whether our own intake hears at all."""
