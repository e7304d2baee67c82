"""The exception for errors that the user can fix."""


class DarkroomError(Exception):
    """An unusable input or a failed check. The user sees the message as it is: one line, or one line per problem."""
