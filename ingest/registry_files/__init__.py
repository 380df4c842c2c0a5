"""CSV files of people, staff and devices: every error of every row at once, and all of a file or nothing of it."""
