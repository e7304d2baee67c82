"""Keras callbacks, one per file: what a training records, what it saves, and Ctrl-C."""
