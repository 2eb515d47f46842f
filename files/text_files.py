"""Text files that the user names, read whole: bounded, and never from a pipe or a device, which might not end."""
import os
import stat

from files.errors import UserError

MAX_BYTES = 100 * 10**6  # two million lines of a list
SMALL = 4 << 20  # for files that people write or change by hand


def read_bounded(path, max_bytes=MAX_BYTES):
    """The bytes of a file. Raises UserError for a folder, a pipe, a device and a file above max_bytes; OSError else."""
    status = os.stat(path)  # before opening, which waits at a pipe until somebody writes
    if stat.S_ISDIR(status.st_mode):
        raise UserError(f'{path} is a folder; expected a text file.')
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f'{path} is a pipe or a device; expected a text file. Write the lines to a file and give that.')
    with open(path, 'rb') as file:
        data = file.read(min(status.st_size, max_bytes) + 1)  # a size is claimed: never ask for more memory than that
    if status.st_size > max_bytes or len(data) > max_bytes:
        raise UserError(f'{path} has {max(status.st_size, len(data))} bytes; at most {max_bytes} are read. '
                        'Is it the right file?')
    return data
