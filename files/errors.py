"""The exceptions that speak to the user."""


class UserError(Exception):
    """Something the user can mend: a file, a flag, a folder.

    Its message names what was found, what was expected and the fix. The scripts print it without a
    traceback and exit with 1; any other exception is a defect of ours and keeps its traceback.
    """


class UsageError(UserError):
    """A command line that cannot be right, whatever the files hold: the scripts exit with 2."""
