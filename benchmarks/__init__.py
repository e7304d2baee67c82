"""Measured by hand, committed as JSON with the machine's description, read by the report. No test depends on a time."""
