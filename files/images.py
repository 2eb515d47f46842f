"""Photos and annotations from disk to arrays, and their resizing: the one place that knows pixel modes.

Pillow reads them, since ids and orientation hang on modes, palettes and EXIF. All functions may run in many threads.
"""
import contextlib
import os
import struct

import numpy as np
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from files.errors import UserError

PHOTO_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
MAX_PIXELS = 512 * 10**6  # 1.5 GB as RGB; Pillow's own warning at 89 million would come for panoramas and scans

# Named, because Pillow's search through all formats can fail in one thread while another is registering them.
_FORMATS = ('JPEG', 'PNG', 'BMP', 'TIFF', 'WEBP')
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


class ImageError(UserError):
    """An image file that cannot be used: its name and the reason."""


def read_photo(path):
    """A photo of any common pixel mode -> uint8 [H, W, 3], RGB, upright (EXIF orientation applied).

    Transparent parts are laid over white; 16-bit grey is scaled by 1/257, rounded; of several frames the first.
    Raises ImageError for a file missing, damaged, above MAX_PIXELS, of floating point or of more than 4 channels.
    """
    with _opened(path) as image:
        image.load()
        orientation = _orientation(image)
        rgb = _rgb(image, path)
        # ImageOps.exif_transpose would turn a TIFF a second time: Pillow decodes it upright and may keep the tag.
        upright = rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb
    return np.array(upright)


def read_annotation(path):
    """A single-channel image -> uint8 [H, W] of ids; of a palette image the indices, never the colours.

    RGB with three equal channels counts as grey. Raises ImageError as read_photo, and for colours, for ids above 255
    and for JPEG.
    """
    with _opened(path) as image:
        step = _grey_step(image)
        image.load()
    if image.format in ('JPEG', 'MPO'):
        raise ImageError(f'{path}: an annotation stored as JPEG, whose compression changes ids. Save the ids as PNG.')
    pixels = np.array(image)
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


def photo_size(path):
    """(height, width) of the upright photo in pixels, without decoding it. Raises ImageError.

    Of a PNG's EXIF data only what stands before its pixels is seen.
    """
    with _opened(path) as image:
        orientation = _orientation(image)
        width, height = image.size
        if image.format == 'TIFF':  # whether image.size is upright before decoding depends on Pillow's release
            width, height = image.tag_v2[TiffImagePlugin.IMAGEWIDTH], image.tag_v2[TiffImagePlugin.IMAGELENGTH]
            orientation = image.tag_v2.get(_ORIENTATION, 1)
    return (width, height) if orientation in (5, 6, 7, 8) else (height, width)


def list_files(folder, extensions):
    """Sorted paths of the files in `folder` that end in one of the lower-case `extensions`, whatever their case.

    Hidden files are left out. Raises UserError where the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith('.') and not entry.is_dir()]
    except OSError as error:
        raise UserError(f'{folder}: the folder cannot be listed: {error.strerror}.') from error
    return [os.path.join(folder, name) for name in sorted(names) if name.lower().endswith(extensions)]


def list_photos(folder):
    """Sorted paths of the files in `folder` with one of PHOTO_EXTENSIONS. Raises UserError as list_files does."""
    return list_files(folder, PHOTO_EXTENSIONS)


def resize_photo(photo, height, width):
    """uint8 [h, w, 3] -> uint8 [height, width, 3], Pillow's bilinear; the input itself where the size is the same."""
    return _resized(photo, height, width, Image.Resampling.BILINEAR)


def resize_ids(ids, height, width):
    """uint8 [h, w] -> uint8 [height, width], nearest neighbour; the input itself where the size is the same."""
    return _resized(ids, height, width, Image.Resampling.NEAREST)


def round_up(side, multiple=32):
    """The smallest multiple of `multiple` that is not below `side`."""
    return -(-side // multiple) * multiple


@contextlib.contextmanager
def _opened(path):
    """Yields the Pillow image of `path`, not yet decoded; whatever Pillow raises in the block becomes ImageError."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # one setting for all threads; Pillow looks at it again while decoding
    try:
        with open(path, 'rb') as file:
            _check_channels(file, path)
            with Image.open(file, formats=_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f'{image.width} x {image.height} pixels')
                yield image
    except UserError:
        raise
    except Exception as error:  # Pillow's decoders answer damaged data with any of a dozen types
        raise ImageError(f'{path}: {_reason(error)}.') from error


def _reason(error):
    if isinstance(error, UnidentifiedImageError):
        return 'this is no JPEG, PNG, BMP, TIFF or WebP image, whatever its name says, or its beginning is damaged'
    if isinstance(error, Image.DecompressionBombError):
        return f'the image is above the limit of {MAX_PIXELS // 10**6} megapixels ({error}). Make it smaller'
    if isinstance(error, MemoryError):
        return 'there is not enough memory to decode the image'
    if isinstance(error, OSError) and error.strerror:
        return f'the image cannot be read: {error.strerror}'
    return f'the image is damaged or cut short ({error or type(error).__name__})'


def _check_channels(file, path):
    """Raises ImageError for an empty file, and for a TIFF of more than 4 channels: Pillow would drop some silently."""
    header = file.read(8)
    if not header:
        raise ImageError(f'{path}: the file is empty (0 bytes).')
    if header[:4] in (b'II*\0', b'MM\0*'):
        directory = TiffImagePlugin.ImageFileDirectory_v2(header)
        file.seek(directory.next)
        directory.load(file)
        channels = directory.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
        if channels > 4:
            raise ImageError(f'{path}: the image has {channels} channels; a photo has 1 to 4. Save its red, green and '
                             'blue as an RGB image.')


def _orientation(image):
    """The EXIF orientation 1..8 that is still to be applied; 1 where there is none or it cannot be parsed."""
    if image.format == 'TIFF':  # decoded upright
        return 1
    try:
        return Image.Image.getexif(image).get(_ORIENTATION, 1)  # a PNG's own getexif would decode the pixels
    except (SyntaxError, ValueError, struct.error):
        return 1


def _rgb(image, path):
    if image.mode == 'F':
        raise ImageError(f'{path}: the image holds floating point values of unknown range. Save it as 8-bit RGB.')
    if image.mode.startswith('I'):
        image = _eight_bits(image, path)
    if image.mode in ('LA', 'PA', 'RGBA') or 'transparency' in image.info:
        image = image.convert('RGBA')
        image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
    return image.convert('RGB')


def _eight_bits(image, path):
    values = np.array(image).astype(np.int32)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(f'{path}: grey values {values.min()} to {values.max()} where 16-bit ones, 0 to 65535, were '
                         'expected. Save it as 8-bit RGB.')
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 = 255 * 257


def _grey_step(image):
    """The factor by which Pillow spreads the values of a PNG of 2 or 4 grey bits over 0..255."""
    return {'L;2': 85, 'L;4': 17}.get(image.tile[0][3] if image.tile else None, 1)


def _equal_channels(pixels, path):
    first = pixels[:, :, 0]
    if not ((first == pixels[:, :, 1]) & (first == pixels[:, :, 2])).all():
        raise ImageError(f'{path}: this annotation is an RGB picture; expected are class ids in a single channel. '
                         'Convert colour masks to ids first, by the colours of their classes.')
    return first.copy()


def _small_integers(pixels, path):
    if pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(f'{path}: ids {pixels.min()} to {pixels.max()} where 0 to 255 were expected. Renumber the '
                         'classes and save the ids as an 8-bit grey or palette PNG.')
    return pixels.astype(np.uint8)


def _resized(array, height, width, method):
    if array.shape[:2] == (height, width):
        return array
    return np.array(Image.fromarray(array).resize((width, height), method))
