"""Photos and annotations from disk to arrays, and their resizing: the one place that knows pixel modes.

Pillow reads them, since ids and orientation hang on modes, palettes and EXIF. All functions may run in many threads.
"""
import os
import struct

import numpy as np
from PIL import Image, TiffImagePlugin

from files.errors import UserError
from files.image_files import ImageError, decode, opened
from files.photo_colours import stored_form, to_array, to_rgb

PHOTO_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')

_ORIENTATION = 0x0112  # the tag of EXIF and TIFF
_UPRIGHT = {  # by value of that tag: CIPA DC-008 (Exif 2.32), section 4.6.4
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_photo(path):
    """A photo of any common pixel mode -> uint8 [H, W, 3], RGB, upright (EXIF orientation applied).

    Of several frames the first. See files.photo_colours for transparency and 16 bits. Raises ImageError for a file
    missing, damaged, above MAX_PIXELS, of floating point, of more than 4 channels or of values beyond its bits.
    """
    with opened(path) as image:
        return to_array(_upright(image, path))


def load_photo(path):
    """As read_photo, but a Pillow image: one that is only resized need not become an array before."""
    with opened(path) as image:
        return _upright(image, path)


def read_annotation(path):
    """A single-channel image -> uint8 [H, W] of ids; of a palette image the indices, never the colours.

    RGB with three equal channels counts as grey. Raises ImageError as read_photo, and for colours, for ids above 255
    and for JPEG.
    """
    with opened(path) as image:
        step = _grey_step(image)
        decode(image, path)
        return _ids(image, step, path)


def photo_size(path):
    """(height, width) of the upright photo in pixels, without decoding it. Raises ImageError.

    Of a PNG's EXIF data only what stands before its pixels is seen.
    """
    with opened(path) as image:
        orientation = _orientation(image)
        width, height = image.size
        if image.format == 'TIFF':  # whether image.size is upright before decoding depends on Pillow's release
            width, height = image.tag_v2[TiffImagePlugin.IMAGEWIDTH], image.tag_v2[TiffImagePlugin.IMAGELENGTH]
            orientation = image.tag_v2.get(_ORIENTATION, 1)
    return (width, height) if orientation in (5, 6, 7, 8) else (height, width)


def list_files(folder, extensions):
    """Sorted paths of the files in `folder` that end in one of the lower-case `extensions`, whatever their case.

    Hidden files are left out, links that lead nowhere are not: reading them says why. Raises UserError where the folder
    cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith('.') and not _is_folder(entry)]
    except OSError as error:
        raise UserError(f'{folder}: the folder cannot be listed: {error.strerror}.') from error
    return [os.path.join(folder, name) for name in sorted(names) if name.lower().endswith(extensions)]


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def list_photos(folder):
    """Sorted paths of the files in `folder` with one of PHOTO_EXTENSIONS. Raises UserError as list_files does."""
    return list_files(folder, PHOTO_EXTENSIONS)


def resize_photo(photo, height, width):
    """uint8 [h, w, 3] -> uint8 [height, width, 3], Pillow's bilinear; an array of that size is returned as it is.

    photo: an array, or what load_photo gave.
    """
    return _resized(photo, height, width, Image.Resampling.BILINEAR)


def resize_ids(ids, height, width):
    """uint8 [h, w] -> uint8 [height, width], nearest neighbour; an array of that size is returned as it is."""
    return _resized(ids, height, width, Image.Resampling.NEAREST)


def _to_array(image):
    """The pixels of a Pillow image: [H, W] or [H, W, channels]."""
    pixels = np.array(image)
    if pixels.dtype == object:  # numpy 1.18 wraps the image where it cannot have its bytes
        raise MemoryError
    return pixels


def round_up(side, multiple=32):
    """The smallest multiple of `multiple` that is not below `side`."""
    return -(-side // multiple) * multiple


def _upright(image, path):
    """An opened image, decoded, in RGB."""
    form = stored_form(image)
    decode(image, path)
    orientation = _orientation(image)
    rgb = to_rgb(image, form, path)
    # ImageOps.exif_transpose would turn a TIFF a second time: Pillow decodes it upright and may keep the tag.
    return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


def _orientation(image):
    """The EXIF orientation 1..8 that is still to be applied; 1 where there is none or it cannot be parsed."""
    if image.format == 'TIFF':  # decoded upright
        return 1
    try:
        return Image.Image.getexif(image).get(_ORIENTATION, 1)  # a PNG's own getexif would decode the pixels
    except (SyntaxError, ValueError, struct.error):
        return 1


def _ids(image, step, path):
    """uint8 [H, W] of a decoded image; step: see _grey_step."""
    if image.format in ('JPEG', 'MPO'):
        raise ImageError(f'{path}: an annotation stored as JPEG, whose compression changes ids. Save the ids as PNG.')
    pixels = _to_array(image)
    if image.mode in ('RGB', 'RGBA'):
        return _equal_channels(pixels, path)
    if image.mode in ('LA', 'PA'):
        return pixels[:, :, 0].copy()
    if image.mode.startswith('I'):
        return _small_integers(pixels, path)
    if image.mode in ('1', 'L', 'P'):
        return pixels.astype(np.uint8) // np.uint8(step)
    raise ImageError(f'{path}: an annotation must be a single-channel image of class ids, but this one has mode '
                     f'{image.mode}. Save the ids as an 8-bit grey or palette PNG.')


def _grey_step(image):
    """The factor by which Pillow spreads the values of a PNG of 2 or 4 grey bits over 0..255."""
    return {'L;2': 85, 'L;4': 17}.get(image.tile[0][3] if image.tile else None, 1)


def _equal_channels(pixels, path):
    first = pixels[:, :, 0]
    if not ((first == pixels[:, :, 1]) & (first == pixels[:, :, 2])).all():
        raise ImageError(f'{path}: this annotation is an RGB picture; expected are class ids in a single channel. '
                         'Convert colour masks to ids first: python Data_zoo/colour_masks.py MASKS classes.csv IDS')
    return first.copy()


def _small_integers(pixels, path):
    if pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(f'{path}: ids {pixels.min()} to {pixels.max()} where 0 to 255 were expected. Renumber the '
                         'classes and save the ids as an 8-bit grey or palette PNG.')
    return pixels.astype(np.uint8)


def _resized(picture, height, width, method):
    if not isinstance(picture, Image.Image):
        if picture.shape[:2] == (height, width):
            return picture
        picture = Image.fromarray(picture)
    return _to_array(picture.resize((width, height), method))
