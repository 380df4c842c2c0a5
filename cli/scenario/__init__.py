"""`cordon scenario`: a fixed story, played by the real service on a database of its own in compressed time."""
