"""The exception for errors that the user can fix, and how the errors of libraries become part of its message."""


class DarkroomError(Exception):
    """An unusable input or a failed check. The user sees the message as it is: one line, or one line per problem."""


def first_line(error: BaseException) -> str:
    """The first line of an exception's text that is not blank; the name of its class where there is none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
