"""A folder of photos, taken for the frames of a film."""
import os
import re

from files.errors import UserError
from files.images import PHOTO_EXTENSIONS, list_photos, photo_size, read_photo
from films.reader import exact_rate


class FrameFolder:
    """What FilmReader is for a film file. The photos come in the order of their names, frame_9 before frame_10.

    A photo that cannot be read, or of another size than the first, is left out and named in `damage`.
    """

    sound = sound_encoder = None

    def __init__(self, folder, fps):
        """Raises UserError where there is no photo, or the first cannot be read."""
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
