"""Makes folders."""
import os

from files.errors import UserError


def make_folder(path):
    """Makes `path` and the folders above it, as far as they are not there. Raises UserError naming the reason."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise UserError(f'the folder {path} cannot be made: {error.strerror} ({error.filename}). Choose another.')
