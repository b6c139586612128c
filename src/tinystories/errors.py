"""The exceptions that are no bugs."""


class UserError(Exception):
    """Something the user can put right.

    The message is one line that says what was wanted, what was given and what to do next. The
    doors (``train.py``, ``tinystories``, ``gui``) print it after ``error:`` and exit with code 2;
    everything else that is raised is a bug.
    """

    def __init__(self, message: str) -> None:
        # What a damaged file is quoted with may have line ends of its own.
        super().__init__(" ".join(message.splitlines()))


class Pruned(Exception):  # noqa: N818 - it is none
    """Ends a run that is not worth going on with; the message says why."""
