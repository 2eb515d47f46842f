"""Photos and annotations from disk to arrays, and their resizing: the one place that knows pixel modes.

Pillow reads them, since ids and orientation depend on modes, palettes and EXIF. All functions are thread-safe.
"""
import collections
import os
import struct

from PIL import Image, TiffImagePlugin

from fcn8s.data.image_files import decode, open_image, to_array
from fcn8s.data.photo_colours import stored_form, to_rgb
from fcn8s.utils.errors import UserError

PHOTO_EXTENSIONS = ('.jpg', '.jpeg', '.jpe', '.jfif', '.jif', '.png', '.bmp', '.tif', '.tiff', '.webp')
ORIENTATION = 0x0112  # the tag of EXIF and TIFF
_UPRIGHT = {  # by value of that tag: CIPA DC-008 (Exif 2.32), section 4.6.4
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # those that exchange height and width
# ids: uint8 [H, W], upright; orientation: the file's own EXIF tag, None without one; transparent: the ids that it shows
# transparent, sorted; palette: uint8 [n, 3], None unless it is a palette image
Annotation = collections.namedtuple('Annotation', 'ids orientation transparent palette')


def read_photo(path: str):
    """A photo of any common pixel mode -> uint8 [H, W, 3], RGB, upright (EXIF orientation applied).

    Only the first frame is read. See fcn8s.data.photo_colours for transparency and 16 bits. Raises ImageError for a
    file missing, damaged, above MAX_PIXELS, of floating point, of more than 4 channels or of values beyond its bits.
    """
    with open_image(path) as image:
        return to_array(_upright(image, path))


def load_photo(path):
    """Like read_photo, but returns a Pillow image, which spares a copy if it is only resized."""
    with open_image(path) as image:
        return _upright(image, path)


def turned(ids, orientation):
    """uint8 [H, W] as it is stored -> upright, by an EXIF orientation."""
    if orientation not in _UPRIGHT:
        return ids
    return to_array(Image.fromarray(ids).transpose(_UPRIGHT[orientation]))


def photo_size(path):
    """(height, width) of the upright photo in pixels, without decoding it. Raises ImageError.

    A PNG's EXIF data counts only if it precedes the pixels.
    """
    with open_image(path) as image:
        width, height = _stored_size(image)
        return (width, height) if _stored_orientation(image) in SIDEWAYS else (height, width)


def photo_orientation(path):
    """The EXIF orientation, 1 to 8, by which read_photo turns the pixels as they are stored; as photo_size sees it."""
    with open_image(path) as image:
        orientation = _stored_orientation(image)
        return orientation if orientation in _UPRIGHT else 1


def list_files(folder, extensions):
    """Sorted paths of the files in `folder` that end in one of the lower-case `extensions`, whatever their case.

    Leaves out hidden files, but keeps broken links: reading them says why. Raises UserError if the folder cannot be
    listed.
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


def round_up(side, multiple=32):
    """The smallest multiple of `multiple` that is not below `side`, an int or an integer tensor.

    No negative number is divided: exported, its quotient would be rounded up by some runtimes and down by others.
    """
    return (side + multiple - 1) // multiple * multiple


def _upright(image, path):
    """An opened image, decoded, in RGB."""
    form = stored_form(image)
    decode(image, path)
    orientation = orientation_to_apply(image)
    rgb = to_rgb(image, form, path)
    # ImageOps.exif_transpose would turn a TIFF a second time: Pillow decodes it upright and may keep the tag.
    return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


def orientation_to_apply(image):
    """The EXIF orientation that is still to be applied; None or 1 if there is nothing to do."""
    return 1 if image.format == 'TIFF' else exif_orientation(image)  # a TIFF is decoded upright


def exif_orientation(image):
    """The value of the EXIF tag; None if it is missing or cannot be parsed."""
    try:
        return Image.Image.getexif(image).get(ORIENTATION)  # a PNG's own getexif would decode the pixels
    except (SyntaxError, ValueError, struct.error):
        return None


def _stored_orientation(image):
    return image.tag_v2.get(ORIENTATION, 1) if image.format == 'TIFF' else exif_orientation(image)


def _stored_size(image):
    """(width, height); whether a TIFF's image.size is upright before decoding depends on Pillow's release."""
    if image.format == 'TIFF':
        return image.tag_v2[TiffImagePlugin.IMAGEWIDTH], image.tag_v2[TiffImagePlugin.IMAGELENGTH]
    return image.size


def _resized(picture, height, width, method):
    if not isinstance(picture, Image.Image):
        if picture.shape[:2] == (height, width):
            return picture
        picture = Image.fromarray(picture)
    return to_array(picture.resize((width, height), method))


STRIDE = 32  # the nets halve the size five times


def network_size(height, width, max_side=None, multiple=STRIDE):
    """(height, width) at which a single image passes through the net: each rounded up to a multiple.

    max_side: images with a longer side are scaled down to it first; None for no limit.
    """
    shrink = min(1., max_side / max(height, width)) if max_side else 1.
    return tuple(round_up(max(1, int(round(side * shrink))), multiple) for side in (height, width))


def pixels_of(path):
    """The number of pixels in a photo's header; 0 if it is unreadable, which reading the photo will report."""
    height, width = header_size(path)
    return height * width


def header_size(path):
    """photo_size; (0, 0) if the header is unreadable, which reading the photo will report."""
    try:
        return photo_size(path)
    except UserError:
        return 0, 0
