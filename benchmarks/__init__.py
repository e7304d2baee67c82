"""Benchmarks, run by hand: committed as JSON with the machine they ran on, shown in the report. No test depends on a time."""
