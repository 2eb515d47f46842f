"""The one exception that speaks to the user."""


class UserError(Exception):
    """Something the user can mend: a file, a flag, a folder.

    Its message names what was found, what was expected and the fix. The scripts print it without a
    traceback and exit with 1; any other exception is a defect of ours and keeps its traceback.
    """
