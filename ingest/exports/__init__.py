"""Files that leave the service, with a manifest of their hashes, and the way back in."""
