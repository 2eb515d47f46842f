"""Runs ffmpeg: opens films, copies their sound, writes films."""
import contextlib
import os
import subprocess
import tempfile

import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file

# Only the containers of film_reader.FILM_EXTENSIONS: whatever its name, a playlist (concat, hls, dash, ...) is not
# followed, and nothing is downloaded or rendered.
_CONTAINERS = ('mov', 'avi', 'matroska', 'asf', 'mpeg', 'mpegvideo', 'mpegts', 'flv', 'ogg')
ONLY_FILMS = ['-format_whitelist', ','.join(_CONTAINERS), '-protocol_whitelist', 'file']


def film_input(path):
    """ffmpeg's arguments that open a film."""
    return ONLY_FILMS + ['-i', os.path.abspath(path)]


def ffmpeg_program():
    """Path of ffmpeg. Raises UserError if there is none for this platform."""
    from imageio_ffmpeg import get_ffmpeg_exe
    try:
        return get_ffmpeg_exe()
    except RuntimeError as error:
        raise UserError(f'films need ffmpeg: {error}')


@contextlib.contextmanager
def ffmpeg(arguments, **pipes):
    """Runs ffmpeg; yields (process, function that returns its error messages as text once it has ended).

    Kills the process on leaving the block if it is still running.

    Args:
      arguments: list of ffmpeg's arguments.
      **pipes: stdin or stdout, as subprocess.Popen takes them.

    Raises:
      UserError: there is no ffmpeg for this platform.
    """
    command = [ffmpeg_program(), '-nostdin', '-hide_banner', '-v', 'error'] + arguments
    with tempfile.TemporaryFile() as log:  # a pipe would fill up and block ffmpeg
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
                with contextlib.suppress(OSError):  # buffered input that nobody reads any more
                    pipe.close()
            process.wait()


def failed(process, messages):
    """Waits for ffmpeg to end; returns whether it failed. messages: the function that ffmpeg() yields."""
    return bool(process.wait()) or 'Error writing trailer' in messages()  # ffmpeg 4 exits with 0 here


def last_line(text):
    """The last line of ffmpeg's messages, which gives the reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else 'ffmpeg gave no reason'


MP4_CODECS = ('aac', 'mp3', 'ac3', 'eac3', 'alac')  # sound that MP4 can hold and players know
TRIAL_PACKETS = 50  # of the sound


def sound_encoder(path, codec):
    """How to write a film's sound to an MP4: 'copy', 'aac' to encode it anew, or None if ffmpeg can do neither.

    Tries it on the first packets: MP4 does not hold every file of a codec, such as MP3 below 16 kHz.
    """
    for encoder in ('copy', 'aac') if codec in MP4_CODECS else ('aac',):
        with tempfile.TemporaryDirectory() as folder:
            trial = film_input(path) + ['-map', '0:a:0', '-frames:a', str(TRIAL_PACKETS), '-c:a',
                                        encoder, os.path.join(folder, 'trial.mp4')]
            with ffmpeg(trial) as (process, messages):
                if not failed(process, messages):
                    return encoder
    return None


# HD's colour matrix, named in the file because players would otherwise assume different ones
_BT709 = ['-vf', 'scale=out_color_matrix=bt709:out_range=tv', '-colorspace', 'bt709', '-color_range', 'tv']
# crf 18: nearly indistinguishable from the original; veryfast: leaves the processor to the net
_H264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-crf', '18', '-preset', 'veryfast', '-movflags', '+faststart']


@contextlib.contextmanager
def film_writer(path, height, width, fps, sound_of=None):
    """Yields a function that appends a frame, uint8 [height, width, 3]; leaving the block puts the film at `path`.

    H.264 in 4:2:0 needs even sides, so the last row or column of an odd one is repeated.

    Args:
      path: the .mp4 to write.
      height, width: of the frames, in pixels.
      fps: frames per second, a number or a Fraction.
      sound_of: None, or a FilmReader or FrameFolder whose sound goes along.

    Raises:
      UserError: the film cannot be written; `path` is left as it was.
    """
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    size = f'{width + width % 2}x{height + height % 2}'
    arguments = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-r', str(fps), '-i', 'pipe:0']
    with atomic_file(path) as part, ffmpeg(arguments + _sound(sound_of) + _H264 + _BT709 + ['-y', part],
                                          stdin=subprocess.PIPE) as (process, messages):

        def failure():
            process.wait()
            return UserError(f'{path} cannot be written: {last_line(messages())}. Nothing of it was changed.')

        def write(frame):
            frame = np.pad(frame, padding, 'edge') if any(map(any, padding)) else np.ascontiguousarray(frame)
            try:
                process.stdin.write(frame)
            except OSError:  # ffmpeg has ended
                raise failure()

        yield write
        with contextlib.suppress(OSError):
            process.stdin.close()
        if failed(process, messages):
            raise failure()


def _sound(film):
    if film is None or film.sound_encoder is None:
        return ['-map', '0:v:0']
    # an error rate of 1: damaged sound is written up to the damage
    return ['-max_error_rate', '1'] + film_input(film.path) + [
        '-map', '0:v:0', '-map', '1:a:0', '-c:a', film.sound_encoder]
