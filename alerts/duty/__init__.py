"""The duty process: who is told of an alert, when, and what happens when a clock runs out or a shift ends."""
