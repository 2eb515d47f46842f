"""What a script prints."""
import sys


def show_any_name():
    """From now on letters that the terminal cannot show, as in names of files, are printed as escapes, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # a notebook's streams have none
            stream.reconfigure(errors='backslashreplace')
