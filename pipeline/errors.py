"""The one exception that a user is meant to read."""


class Refusal(Exception):  # noqa: N818 - nothing went wrong here: the input was turned down
    """An input that cannot be used. Its text is what the user sees: a line (or a line each) that names the fault."""
