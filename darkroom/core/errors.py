"""The one exception that a user is meant to read."""


class DarkroomError(Exception):
    """An input that cannot be used, or a check that failed. Its text is what the user sees: a line (or a line each)."""
