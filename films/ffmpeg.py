"""The ffmpeg program that imageio-ffmpeg brings along, what it may open, and what it had to say."""
import contextlib
import os
import subprocess
import tempfile

from files.errors import UserError

# The containers of films.reader's FILM_EXTENSIONS and their streams alone: whatever its name, a file that lists others
# (concat, hls, dash, ...) is not followed, and nothing is fetched or rendered.
_CONTAINERS = ('mov', 'avi', 'matroska', 'asf', 'mpeg', 'mpegvideo', 'mpegts', 'flv', 'ogg')
ONLY_FILMS = ['-format_whitelist', ','.join(_CONTAINERS), '-protocol_whitelist', 'file']


def film_input(path):
    """ffmpeg's arguments that open a film."""
    return ONLY_FILMS + ['-i', os.path.abspath(path)]


def ffmpeg_program():
    """Path of ffmpeg. Raises UserError where there is none for this platform."""
    from imageio_ffmpeg import get_ffmpeg_exe
    try:
        return get_ffmpeg_exe()
    except RuntimeError as error:
        raise UserError(f'films need ffmpeg: {error}')


@contextlib.contextmanager
def ffmpeg(arguments, **pipes):
    """Runs ffmpeg; yields (process, messages: a function that returns, once it has ended, its complaints).

    Leaving the block ends the process if it still runs. pipes: stdin or stdout, as subprocess.Popen takes them.
    """
    command = [ffmpeg_program(), '-nostdin', '-hide_banner', '-v', 'error'] + arguments
    with tempfile.TemporaryFile() as log:  # not a pipe, which would fill up and stop ffmpeg
        process = subprocess.Popen(command, stderr=log, **dict({'stdin': subprocess.DEVNULL}, **pipes))

        def messages():
            log.seek(0)
            return log.read().decode('utf-8', 'replace')

        try:
            yield process, messages
        finally:
            if process.poll() is None:
                process.kill()
            for pipe in filter(None, (process.stdin, process.stdout)):
                with contextlib.suppress(OSError):  # what was still to be written to it
                    pipe.close()
            process.wait()


def failed(process, messages):
    """Whether ffmpeg, whose end is waited for, could not write its file."""
    return bool(process.wait()) or 'Error writing trailer' in messages()  # of which ffmpeg 4's exit code tells nothing


def last_line(text):
    """The last line of ffmpeg's messages, which names the cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else 'ffmpeg gave no reason'
