"""Annotations: reads image files into class ids and checks them."""
import numpy as np
from PIL import TiffImagePlugin

from fcn8s.data.image_files import ImageError, decode, open_image, to_array
from fcn8s.data.labels import advice
from fcn8s.data.photos import ORIENTATION, Annotation, exif_orientation, orientation_to_apply, turned
from fcn8s.utils.errors import DataError, some_of

SAVE_AS_GREY = 'Save the ids as an 8-bit grey or palette PNG.'
ONLY_LOSSY = ('If only these files are left, and show the colours of classes.csv, take the nearest ones: '
              'python Data_zoo/colour_masks.py MASKS classes.csv IDS --nearest')
SAVE_ALPHA = ('python -c "from PIL import Image; import sys; '
              'Image.open(sys.argv[1]).getchannel(\'A\').save(sys.argv[2])" MASK.png IDS.png')
# By raw mode: the factor by which Pillow scales low-bit grey to 0..255.
_SPREAD = {'L;2': 85, 'L;4': 17, 'L;2R': 85, 'L;4R': 17}
# Pillow gives the high bytes of 16-bit channels; decoded again in these raw modes, the low ones; or all four bytes of
# grey and alpha, stored in the file like the channels of RGBA.
_LOW_BYTES = {'RGB;16B': 'RGB;16L', 'RGBA;16B': 'RGBA;16L', 'LA;16B': 'RGBA'}
_LOSSY_TIFF = ('jpeg', 'tiff_jpeg', 'webp')


def decode_ids(image, path):
    """An opened image, not yet decoded -> uint8 [H, W] of ids; for a palette image its indices, never its colours.

    Several equal channels count as grey. An alpha channel is ignored if it adds nothing to the ids: it is constant, or
    each id has one alpha. Raises ImageError.
    """
    raw_mode = _raw_mode(image)
    _check_form(image, raw_mode, path)
    decode(image, path)
    pixels = to_array(image)
    opaque = 255
    if raw_mode in _LOW_BYTES and image.format == 'PNG':
        pixels, opaque = _sixteen_bits(pixels, raw_mode, path), 65535
    if image.mode in ('RGB', 'RGBA'):
        ids = _equal_channels(pixels, opaque, path)
    elif image.mode in ('LA', 'PA'):
        ids = pixels[:, :, 0]
    elif image.mode in ('1', 'L', 'P') or image.mode.startswith('I'):
        ids = pixels // _SPREAD.get(raw_mode, 1)
    else:
        raise ImageError(f'{path}: an annotation must be a single-channel image of class ids, but this one has mode '
                         f'{image.mode}. {SAVE_AS_GREY}')
    if image.mode in ('LA', 'PA', 'RGBA'):
        _check_alpha(ids, pixels[:, :, -1], opaque, path)
    return _small_integers(ids, path)


def transparent_ids(image, ids):
    """The ids in a decoded image that are fully or partly transparent, sorted."""
    if image.mode in ('LA', 'PA', 'RGBA'):
        alpha = to_array(image)[:, :, -1]
        return [] if alpha.min() == alpha.max() else np.unique(ids[alpha < 255]).tolist()
    value = image.info.get('transparency', ())  # a palette's alphas, or one transparent grey value or colour
    if isinstance(value, bytes):
        shown = {index for index, alpha in enumerate(value) if alpha < 255}
    else:
        shown = set(value) if isinstance(value, tuple) else {value}
        shown = shown if len(shown) == 1 else set()  # a colour that is not grey belongs to no id
    return sorted(shown.intersection(np.unique(ids).tolist())) if shown else []


def _raw_mode(image):
    """Pillow's name for the byte layout in the file, such as L;4 for 4-bit grey; '' if unknown."""
    arguments = image.tile[0][3] if image.tile else ''
    name = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return name if isinstance(name, str) else ''


def _check_form(image, raw_mode, path):
    """Raises ImageError for forms that Pillow would decode into wrong ids, or only in part."""
    if image.format in ('JPEG', 'MPO', 'WEBP') or image.info.get('compression') in _LOSSY_TIFF:
        name = 'WebP' if 'WEBP' in (image.format, str(image.info.get('compression')).upper()) else 'JPEG'
        raise ImageError(f'{path}: an annotation stored as {name}, whose compression changes ids. Save the masks as '
                         f'PNG where they come from. {ONLY_LOSSY}')
    pages = getattr(image, 'n_frames', 1)
    if pages > 1:
        raise ImageError(f'{path}: an image of {pages} pages, but only one would be read. {SAVE_AS_GREY}')
    if raw_mode in ('BGR;15', 'BGR;16'):
        raise ImageError(f'{path}: an image of 5 or 6 bits for each colour, spread over 0 to 255: its values are no '
                         f'ids. {SAVE_AS_GREY}')
    if image.format != 'TIFF':
        return
    tags = image.tag_v2
    samples, bits = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1), max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    if samples > 1 and bits > 8:
        raise ImageError(f'{path}: a TIFF of {samples} bands of {bits} bits, whose low bits would be lost. '
                         f'{SAVE_AS_GREY}')
    if 'X' in raw_mode:
        raise ImageError(f'{path}: a TIFF of {samples} bands, the last of which has no known meaning and would not be '
                         f'read. {SAVE_AS_GREY}')
    if 'a' in raw_mode:
        raise ImageError(f'{path}: a TIFF whose values are multiplied by its alpha band, so that ids are lost. '
                         f'{SAVE_AS_GREY}')
    if bits > 1 and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0:
        raise ImageError(f'{path}: a TIFF in which 0 is white (PhotometricInterpretation 0), so that it is uncertain '
                         f'whether its ids are the values stored or those shown. {SAVE_AS_GREY}')


def _sixteen_bits(high, raw_mode, path):
    """Pixels of a 16-bit PNG of several channels from their high bytes: int32 [H, W, channels]."""
    with open_image(path) as image:
        image.tile = [tuple(tile[:3]) + (_LOW_BYTES[raw_mode],) for tile in image.tile]
        decode(image, path)
        low = to_array(image).astype(np.int32)
    if raw_mode == 'LA;16B':
        return (low[..., 0::2] << 8 | low[..., 1::2])[..., [0, 0, 0, 1]]
    return high.astype(np.int32) << 8 | low


def _equal_channels(pixels, opaque, path):
    first = pixels[:, :, 0]
    if not ((first == pixels[:, :, 1]) & (first == pixels[:, :, 2])).all():
        form, before = ('an RGB', '') if opaque == 255 else ('a 16-bit RGB', ', after saving them with 8 bits')
        raise ImageError(f'{path}: this annotation is {form} picture; expected are class ids in a single channel. '
                         f'Convert colour masks to ids first{before}: python Data_zoo/colour_masks.py MASKS '
                         'classes.csv IDS')
    return first


def _check_alpha(ids, alpha, opaque, path):
    """Raises ImageError if the alpha channel differs from the ids: either could be meant."""
    least, most, constant = int(alpha.min()), int(alpha.max()), ids.min() == ids.max()
    if least == most and (least in (0, opaque) or not constant):
        return
    pairs = np.unique(ids.astype(np.int64) << 16 | alpha)
    if least < most and len(np.unique(pairs >> 16)) == len(pairs):  # each id has one alpha
        return
    if constant:
        raise ImageError(f'{path}: the colour is {ids.min()} everywhere and the alpha channel holds {least} to '
                         f'{most}: the ids, or a shape, seem to be in alpha. Save alpha alone as the annotation: '
                         + SAVE_ALPHA)
    mixed = pairs[1:][np.diff(pairs >> 16) == 0][0] >> 16
    raise ImageError(f'{path}: some pixels of the id {mixed} are transparent and others are not, or less so, and it is '
                     'unknown what transparent means. Remove the alpha channel if it means nothing; if it means '
                     f'"no class", give those pixels an id of their own, such as 255. {SAVE_AS_GREY}')


def _small_integers(ids, path):
    if ids.min(initial=0) < 0 or ids.max(initial=0) > 255:
        raise ImageError(f'{path}: ids {ids.min()} to {ids.max()} where 0 to 255 were expected. Renumber the '
                         'classes and save the ids as an 8-bit grey or palette PNG.')
    return ids.astype(np.uint8)  # a copy, so that no other channel stays in memory


def read_annotation(path):
    """An image of class ids -> uint8 [H, W], upright (EXIF orientation applied); see decode_ids. Raises ImageError."""
    return examine_annotation(path).ids


def examine_annotation(path):
    """Like read_annotation, but returns an Annotation, which says more about the file."""
    with open_image(path) as image:
        of_tiff = image.tag_v2.get(ORIENTATION) if image.format == 'TIFF' else None  # lost by decoding
        ids = decode_ids(image, path)
        own = of_tiff or exif_orientation(image)
        colours = image.getpalette() if image.mode == 'P' else None
        return Annotation(turned(ids, orientation_to_apply(image)), own if own in range(1, 9) else None,
                          transparent_ids(image, ids), colours and np.array(colours, np.uint8).reshape(-1, 3))


def check_ids(ids, num_classes, ignore_label, path):
    """Raises DataError naming `path` if uint8 `ids` hold a value that is neither in [0, num_classes) nor ignored.

    ignore_label: None, or a value that is accepted although it names no class.
    """
    wrong = ids >= num_classes
    if ignore_label is not None:
        wrong &= ids != ignore_label
    if wrong.any():
        visible = advice(ids, wrong)
        if visible:
            raise DataError(f'{path} {visible}')
        found = np.unique(ids[wrong]).tolist()
        raise DataError(f'{path} holds the ids {some_of(found)}; with {num_classes} classes they must be 0 to '
                        f'{num_classes - 1}. If they are classes, raise --num_classes; if they mean "no class", give '
                        f'--ignore_label={found[-1]}; or else correct the annotation.')
