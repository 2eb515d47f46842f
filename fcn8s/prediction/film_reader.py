"""Reads the frames of films, and of folders of pictures."""
import fractions
import logging
import os
import re
import subprocess

import numpy as np

from fcn8s.data.photos import PHOTO_EXTENSIONS, list_photos, photo_size, read_photo
from fcn8s.prediction.ffmpeg import ONLY_FILMS, ffmpeg, film_input, last_line, sound_encoder
from fcn8s.utils.errors import UserError

FILM_EXTENSIONS = ('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.wmv', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts',
                   '.3gp', '.flv', '.ogv')
USUAL_FPS = 30.  # for browser recordings, whose headers may lack a rate
HD = 720  # rows; if a film names no colour matrix, players assume BT.709 from this height, ffmpeg always BT.601
_MATRIX = re.compile(r'[( ](bt|smpte|fcc|ycgco|gbr|ictcp|chroma|ipt)')


class FilmReader:
    """An opened film.

    Attributes:
      path: the film's path.
      height, width: of the frames, in pixels.
      fps: frames per second, a Fraction.
      sound: codec of its sound, or None.
      sound_encoder: how to write its sound to an MP4, see fcn8s.prediction.ffmpeg.sound_encoder; or None.
      count: the approximate number of frames, or None if the header gives no duration.
      damage: None, or what is missing and why; missing frames are known after frames() has ended.
    """

    def __init__(self, path):
        """Reads the film's header. Raises UserError if ffmpeg cannot."""
        self.path, self.damage = path, None
        header = _read_header(path)
        self.width, self.height = header['size']
        self._stream = _first_stream(':in_color_matrix=bt709' if _is_hd_without_matrix(header) else '')
        self.fps = exact_rate(header['fps'] or USUAL_FPS)
        self.sound = header.get('audio_codec', '').rstrip(',') or None
        self.sound_encoder = self.sound and sound_encoder(path, self.sound)
        if self.sound and not self.sound_encoder:
            self.damage = f'its sound ({self.sound}) is left out because ffmpeg cannot decode it'
        self.count = int(round(header['duration'] * self.fps)) or None

    def frames(self):
        """Yields the frames, uint8 [height, width, 3], RGB."""
        size, count = self.height * self.width * 3, 0
        with ffmpeg(film_input(self.path) + self._stream + [
                '-r', str(self.fps), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], stdout=subprocess.PIPE) as (
                    process, messages):
            while True:
                data = process.stdout.read(size)
                if len(data) < size:
                    break
                count += 1
                yield np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3)
            process.wait()
            # Messages alone may be harmless. So may missing frames: sound can outlast the picture.
            if messages() and not (self.count and count >= self.count - 2):
                expected = f' of about {self.count}' if self.count else ''
                reason = f'{count}{expected} frames could be decoded ({last_line(messages())})'
                self.damage = f'{self.damage}; {reason}' if self.damage else reason


def exact_rate(fps):
    """The exact rate, a Fraction, behind the two decimals that ffmpeg prints: 23.98 is NTSC's 24000/1001."""
    ntsc = fractions.Fraction(1000 * round(fps), 1001)
    decimal = fractions.Fraction(str(fps))
    return ntsc if decimal.denominator > 1 and abs(fps - ntsc) <= 0.005 else decimal


def _first_stream(colours=''):
    """ffmpeg's arguments for the first video stream with square pixels; colours: more options of its scale filter."""
    return ['-map', '0:v:0', '-vf', f'scale=iw*sar:ih{colours},setsar=1']


def _is_hd_without_matrix(header):
    """Whether a film of HD size names no colour matrix.

    With one, its pixel format reads 'yuv420p(tv, bt709)' or 'yuv420p(tv, bt709/unknown/unknown, progressive)'.
    """
    pixels = header['pix_fmt']
    return header['source_size'][1] >= HD and pixels.startswith('yuv') and not _MATRIX.search(pixels)


def _read_header(path):
    from imageio_ffmpeg import read_frames
    logging.getLogger('imageio_ffmpeg').setLevel(logging.ERROR)  # it warns about every film with a rotation
    frames = read_frames(os.path.abspath(path), input_params=ONLY_FILMS,
                         output_params=_first_stream() + ['-frames:v', '1'])
    try:
        return next(frames)
    except (OSError, IndexError, AttributeError) as error:  # the latter two from its parser
        raise UserError(f'{path}: no film that ffmpeg can read ({last_line(str(error))}).') from error
    finally:
        frames.close()


class FrameFolder:
    """Like FilmReader, for a folder of frames, sorted by name with frame_9 before frame_10.

    Frames that cannot be read, or differ in size from the first, are left out and named in `damage`.
    """

    sound = sound_encoder = None

    def __init__(self, folder, fps):
        """Lists the frames. Raises UserError if there are none, or the first cannot be read."""
        self.path, self.fps, self.damage = folder, exact_rate(fps), None
        self._photos = sorted(list_photos(folder), key=_natural)
        if not self._photos:
            raise UserError(f'{os.path.abspath(folder)} holds no frames. They are expected as photos: '
                            f'{" ".join(PHOTO_EXTENSIONS)}.')
        self.height, self.width = photo_size(self._photos[0])
        self.count = len(self._photos)

    def frames(self):
        """Yields the frames, uint8 [height, width, 3], RGB."""
        left_out = []
        for path in self._photos:
            try:
                photo = read_photo(path)
                if photo.shape[:2] != (self.height, self.width):
                    raise UserError(f'{path} is {photo.shape[1]}x{photo.shape[0]} pixels, the first frame '
                                    f'{self.width}x{self.height}')
            except UserError as error:
                left_out.append(str(error))
                continue
            yield photo
        if left_out:
            self.damage = f'{len(left_out)} of {self.count} frames were left out: ' + '; '.join(left_out[:5])


def _natural(path):
    """A sort key that compares the numbers in a path as numbers."""
    return [(int(part), '') if part.isdecimal() else (0, part) for part in re.split(r'([0-9]+)', path)]
