"""Frames -> an MP4 film that plays everywhere: H.264 in 4:2:0, with the sound of another film."""
import contextlib
import subprocess

import numpy as np

from files.atomic import whole_file
from files.errors import UserError
from films.ffmpeg import failed, ffmpeg, film_input, last_line

# HD's colour matrix, and said so, for players differ in what they assume of a film that does not tell.
_BT709 = ['-vf', 'scale=out_color_matrix=bt709:out_range=tv', '-colorspace', 'bt709', '-color_range', 'tv']
# crf 18: hardly to be told from the original; veryfast: leaves the processor to the net
_H264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-crf', '18', '-preset', 'veryfast', '-movflags', '+faststart']


@contextlib.contextmanager
def film_writer(path, height, width, fps, sound_of=None):
    """Yields a function that appends a frame, uint8 [H, W, 3], to a film; it is at `path` when the block is left.

    4:2:0 needs even sides: an odd one gets its last row or column twice. fps: number or Fraction. sound_of: None, or
    an opened film whose sound is taken along.
    Raises UserError where the film cannot be written; then `path` stays as it was.
    """
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    size = f'{width + width % 2}x{height + height % 2}'
    arguments = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-r', str(fps), '-i', 'pipe:0']
    with whole_file(path) as part, ffmpeg(arguments + _sound(sound_of) + _H264 + _BT709 + ['-y', part],
                                          stdin=subprocess.PIPE) as (process, messages):

        def failure():
            process.wait()
            return UserError(f'{path} cannot be written: {last_line(messages())}. Nothing of it was changed.')

        def write(frame):
            frame = np.pad(frame, padding, 'edge') if any(map(any, padding)) else np.ascontiguousarray(frame)
            try:
                process.stdin.write(frame)
            except OSError:  # ffmpeg has gone
                raise failure()

        yield write
        with contextlib.suppress(OSError):
            process.stdin.close()
        if failed(process, messages):
            raise failure()


def _sound(film):
    if film is None or film.sound_encoder is None:
        return ['-map', '0:v:0']
    # a sound that is damaged later on is written as far as it goes
    return ['-max_error_rate', '1'] + film_input(film.path) + ['-map', '0:v:0', '-map', '1:a:0', '-c:a',
                                                               film.sound_encoder]
