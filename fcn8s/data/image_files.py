"""Opens image files. Whatever is not a readable image raises an ImageError that says why."""
import contextlib
import os
import stat
import struct

import numpy as np
from PIL import Image, UnidentifiedImageError

from fcn8s.data import tiff
from fcn8s.data.png import check_png
from fcn8s.utils.errors import UserError

MAX_PIXELS = 512 * 10**6  # 1.5 GB as RGB; Pillow's own warning at 89 million would come for panoramas and scans
# A file of one colour may be very small: PNG's deflate packs up to 8,256 pixels into a byte. An image beyond both
# limits is taken for damaged.
SMALL_PIXELS, PIXELS_PER_BYTE = 16 * 10**6, 10**4
PART_PIXELS = 16 * 10**6  # converted at a time, which bounds the memory of copies
# Listed, because Pillow's search through all formats can fail in one thread while another registers them.
_FORMATS = ('JPEG', 'PNG', 'BMP', 'TIFF', 'WEBP')
tiff.prepare_pillow()


class ImageError(UserError):
    """An image file that cannot be used; the message names it and the reason."""


@contextlib.contextmanager
def open_image(path):
    """Yields the undecoded Pillow image of `path`; any exception of Pillow in the block becomes an ImageError."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # one setting for all threads; Pillow checks it again while decoding
    try:
        if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise ImageError(f'{path}: this is a pipe or a device, not a file.')  # which might never end
        with open(path, 'rb') as file:
            source = tiff.WithoutDescriptor(file) if _check_form(file, path) == 'TIFF' else file
            with Image.open(source, formats=_FORMATS) as image:
                reason = _misread_bmp(image, file) if image.format == 'BMP' else None
                if reason:
                    raise ImageError(f'{path}: {reason}.')
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f'{image.width} x {image.height} pixels')
                yield image
    except UserError:
        raise
    except Exception as error:  # Pillow's decoders raise a dozen types of exceptions on damaged data
        raise ImageError(f'{path}: {_reason(error)}.') from error


def decode(image, path):
    """Decodes an opened image after checking its file's size and checksums.

    Damaged headers ask for gigabytes and hours, and decoders fill up what is missing.
    """
    pixels, size = image.width * image.height, os.path.getsize(path)
    if pixels > max(SMALL_PIXELS, PIXELS_PER_BYTE * size):
        raise ImageError(f'{path}: the image is said to have {image.width} x {image.height} pixels, which its {size} '
                         'bytes cannot hold. It is damaged, or a decompression bomb.')
    check = {'PNG': check_png, 'JPEG': _check_jpeg, 'MPO': _check_jpeg}.get(image.format)
    if check:
        with open(path, 'rb') as file:
            check(file)
    image.load()


def to_array(image):
    """Returns a decoded image as an array [H, W], or [H, W, C] if it has several channels.

    Converts a part at a time, since np.asarray would need twice the memory. Raises MemoryError.
    """
    width, height = image.size
    rows = max(1, PART_PIXELS // width)
    if rows >= height:
        return _array(image)
    first = _array(image.crop((0, 0, width, rows)))
    pixels = np.empty((height,) + first.shape[1:], first.dtype)
    pixels[:rows] = first
    for y in range(rows, height, rows):
        pixels[y:y + rows] = _array(image.crop((0, y, width, min(y + rows, height))))
    return pixels


def _array(image):
    pixels = np.array(image)
    if pixels.dtype == object:  # numpy 1.18 wraps the image if it cannot get its bytes
        raise MemoryError
    return pixels


def _check_jpeg(file):
    """Raises ValueError for a JPEG without its end marker: the decoder lets a few bytes be missing before it."""
    at = 2
    while True:  # skip the segments: one may hold a thumbnail with its own end marker
        file.seek(at)
        marker, size = struct.unpack('>HH', file.read(4))
        if marker < 0xff00 or marker == 0xffda:  # start of scan
            break
        at += 1 if marker == 0xffff else 2 + size  # a fill byte, or a segment
    file.seek(at)
    last = b''
    while True:
        piece = file.read(1 << 16)
        if b'\xff\xd9' in last + piece:
            return
        if not piece:
            raise ValueError('its end is missing')
        last = piece[-1:]


def _reason(error):
    if isinstance(error, UnidentifiedImageError):
        return 'this is not a JPEG, PNG, BMP, TIFF or WebP image, whatever its name says, or its beginning is damaged'
    if isinstance(error, Image.DecompressionBombError):
        return f'the image is above the limit of {MAX_PIXELS // 10**6} megapixels ({error}). Make it smaller'
    if isinstance(error, MemoryError):
        return 'there is not enough memory to decode the image'
    if isinstance(error, OSError) and error.strerror:
        return f'the image cannot be read: {error.strerror}'
    return f'the image is damaged or cut short ({error or type(error).__name__})'


def _check_form(file, path):
    """'TIFF' for one, else None. Raises ImageError for an empty file, or a TIFF that Pillow would misread."""
    header = file.read(8)
    if not header:
        raise ImageError(f'{path}: the file is empty (0 bytes).')
    if header[:4] in tiff.HEADERS:
        file.seek(0)
        reason = tiff.unreadable_form(file)
        if reason:
            raise ImageError(f'{path}: {reason}.')
        return 'TIFF'
    return None


def _misread_bmp(image, file):
    """Why the opened BMP `image` of `file` would be decoded wrongly; None if it would not. May move in the file."""
    file.seek(14)
    size, = struct.unpack('<I', file.read(4))
    file.seek(24 if size == 12 else 28)  # the older and shorter header has 16-bit sizes
    bits, = struct.unpack('<H', file.read(2))
    if {'1': 1, 'L': 8}.get(image.mode, bits) != bits:
        return (f'a BMP of greys with {bits} bits for each pixel, which would not be decoded correctly. '
                'Save the image as PNG')
    return None
