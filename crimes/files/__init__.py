"""Police files: the bytes of a batch of crimes in, crimes and errors out (pure)."""
