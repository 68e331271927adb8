"""The systems under test: one that we bring along, and one that already runs."""
