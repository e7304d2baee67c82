"""Tests mirror the modules of the pipeline."""
