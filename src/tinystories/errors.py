"""The one exception a user is meant to read."""


class UserError(Exception):
    """Something the user can put right.

    The message is one line that says what was wanted, what was given and what to do next. The
    doors (``train.py``, ``tinystories``, ``gui``) print it after ``error:`` and exit with code 2;
    everything else that is raised is a bug.
    """
