"""Frames of films and of folders of pictures."""
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
USUAL_FPS = 30.  # of browser recordings, whose header may lack a rate
HD = 720  # rows from which players assume BT.709 if a film names no colour matrix; ffmpeg always assumes BT.601
_MATRIX = re.compile(r'[( ](bt|smpte|fcc|ycgco|gbr|ictcp|chroma|ipt)')


class FilmReader:
    """A film, opened.

    Attributes:
      path; height, width: of the frames; fps: a Fraction; sound: codec of its sound, or None.
      sound_encoder: what brings its sound into an MP4, see fcn8s.prediction.ffmpeg; None for none.
      count: about how many frames there are, or None where the film does not say.
      damage: None, or what is missing and why; of frames once frames() is through.
    """

    def __init__(self, path):
        """Reads the film's header. Raises UserError if ffmpeg cannot."""
        self.path, self.damage = path, None
        header = _read_header(path)
        self.width, self.height = header['size']
        self._stream = _first_stream(':in_color_matrix=bt709' if _is_untold_hd(header) else '')
        self.fps = exact_rate(header['fps'] or USUAL_FPS)
        self.sound = header.get('audio_codec', '').rstrip(',') or None
        self.sound_encoder = self.sound and sound_encoder(path, self.sound)
        if self.sound and not self.sound_encoder:
            self.damage = f'its sound ({self.sound}) is left out, for ffmpeg cannot decode it'
        self.count = int(round(header['duration'] * self.fps)) or None

    def frames(self):
        """Yields uint8 [H, W, 3], RGB."""
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
            # Messages alone may be harmless, and so may missing frames: sound can be longer than the picture.
            if messages() and not (self.count and count >= self.count - 2):
                of = f' of about {self.count}' if self.count else ''
                why = f'{count}{of} frames could be decoded ({last_line(messages())})'
                self.damage = f'{self.damage}; {why}' if self.damage else why


def exact_rate(fps):
    """Frames per second as a Fraction, from the two decimals that ffmpeg prints: 23.98 is 24000/1001, NTSC's rate."""
    ntsc = fractions.Fraction(1000 * round(fps), 1001)
    decimal = fractions.Fraction(str(fps))
    return ntsc if decimal.denominator > 1 and abs(fps - ntsc) <= 0.005 else decimal


def _first_stream(colours=''):
    return ['-map', '0:v:0', '-vf', f'scale=iw*sar:ih{colours},setsar=1']


def _is_untold_hd(header):
    """Whether a film of HD size does not name its colour matrix.

    One that does has the pixel format 'yuv420p(tv, bt709)' or 'yuv420p(tv, bt709/unknown/unknown, progressive)'.
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
    """Like FilmReader, for a folder of frames. Photos are sorted by name, frame_9 before frame_10.

    A photo that cannot be read, or of another size than the first, is left out and named in `damage`.
    """

    sound = sound_encoder = None

    def __init__(self, folder, fps):
        """Raises UserError if there is no photo, or the first cannot be read."""
        self.path, self.fps, self.damage = folder, exact_rate(fps), None
        self._photos = sorted(list_photos(folder), key=_natural)
        if not self._photos:
            raise UserError(f'{os.path.abspath(folder)} holds no frames. They are photos, '
                            f'{" ".join(PHOTO_EXTENSIONS)}.')
        self.height, self.width = photo_size(self._photos[0])
        self.count = len(self._photos)

    def frames(self):
        """Yields uint8 [H, W, 3], RGB."""
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
    return [(int(part), '') if part.isdecimal() else (0, part) for part in re.split(r'([0-9]+)', path)]
