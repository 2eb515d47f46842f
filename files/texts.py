"""Small text files that people write or change: read whole, but never more than such a file can be."""
from files.errors import UserError

MOST_BYTES = 4 << 20


def read_bytes(path, most=MOST_BYTES):
    """The bytes of a file of `most` bytes at most. Raises UserError for a larger or endless one, and OSError."""
    with open(path, 'rb') as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UserError(f'{path} is larger than {most >> 20} MB, as no such file is. Give the right one.')
    return data
