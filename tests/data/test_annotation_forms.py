"""Forms of annotations that Pillow would decode into other ids, or only in part: exact, or refused."""
import struct

import numpy as np
import pytest
from image_files import array, save, save_palette, save_png, save_tiff_of
from PIL import Image

from fcn8s.data.annotations import examine_annotation, read_annotation
from fcn8s.data.image_files import ImageError

IDS = array([[0, 1, 2], [2, 1, 0]])
PARTLY = array([[255, 255, 0], [255, 255, 255]])  # of an id 2 that is opaque elsewhere
COLOUR_TYPES = {2: 4, 3: 2, 4: 6}  # channels: the colour type of a PNG


@pytest.fixture
def path(tmp_path):
    """Names a file in the test's folder."""
    return lambda name: str(tmp_path / name)


def save_channels(path, *channels, bits=8):
    pixels = np.dstack(channels).astype('>u2' if bits == 16 else 'u1')
    rows = b''.join(b'\0' + row.tobytes() for row in pixels)
    return save_png(path, pixels.shape[1], pixels.shape[0], bits, COLOUR_TYPES[len(channels)], rows)


@pytest.mark.parametrize('channels', [(IDS, IDS, IDS), (IDS, IDS, IDS, IDS * 0 + 65535.), (IDS, IDS * 0 + 65535.)])
def test_sixteen_bit_channels_keep_their_low_byte(path, channels):
    assert read_annotation(save_channels(path('a.png'), *channels, bits=16)).tolist() == IDS.tolist()


def test_sixteen_bit_channels_keep_their_high_byte(path):
    with pytest.raises(ImageError, match='a.png: ids 0 to 512 where 0 to 255 were expected'):
        read_annotation(save_channels(path('a.png'), *[IDS * 256.] * 3, bits=16))


def test_sixteen_bit_channels_that_differ_in_the_low_byte_are_a_colour_mask(path):
    with pytest.raises(ImageError, match='16-bit RGB picture.* 8 bits: .*colour_masks.py'):
        read_annotation(save_channels(path('a.png'), IDS, IDS * 0 + 9, IDS * 0, bits=16))


@pytest.mark.parametrize('channels', [(IDS * 0, IDS), (IDS * 0, IDS * 0, IDS * 0, IDS), (IDS * 0, IDS * 0 + 2)])
@pytest.mark.parametrize('bits', [8, 16])
def test_ids_in_the_alpha_channel_are_refused_with_the_way_to_get_them(path, channels, bits):
    with pytest.raises(ImageError, match=r"a.png: the colour is 0 everywhere.*alpha.*getchannel\('A'\)"):
        read_annotation(save_channels(path('a.png'), *channels, bits=bits))


@pytest.mark.parametrize('channels', [(IDS, PARTLY), (IDS, IDS, IDS, PARTLY)])
def test_ids_that_are_transparent_in_places_are_refused(path, channels):
    with pytest.raises(ImageError, match='a.png: some pixels of the id 2 are transparent and others are not'):
        read_annotation(save_channels(path('a.png'), *channels))


@pytest.mark.parametrize('alpha, transparent', [(IDS * 0 + 255, []), (IDS * 0, []), (np.where(IDS, 255, 0), [0])])
def test_alpha_that_adds_nothing_to_the_ids_is_left_aside(path, alpha, transparent):
    annotation = examine_annotation(save_channels(path('a.png'), IDS, alpha))
    assert annotation.ids.tolist() == IDS.tolist()
    assert annotation.transparent == transparent


def test_transparent_entries_of_a_palette_are_ids_like_others(path):
    annotation = examine_annotation(save_palette(path('a.png'), [0, 1, 7], [(9, 9, 9)] * 256,
                                                 transparency=bytes([0, 128] + [255] * 254)))
    assert annotation.ids.tolist() == [[0, 1, 7]]
    assert annotation.transparent == [0, 1]


@pytest.mark.parametrize('pixels, transparency', [(IDS, 2), (np.dstack([IDS] * 3), (2, 2, 2))])
def test_transparent_grey_is_an_id_like_others(path, pixels, transparency):
    annotation = examine_annotation(save(path('a.png'), pixels, transparency=transparency))
    assert annotation.ids.tolist() == IDS.tolist()
    assert annotation.transparent == [2]


@pytest.mark.parametrize('bits, packed, ids', [(2, 0b00011011, [[0, 1, 2, 3]]), (4, 0x7f, [[7, 15]])])
def test_few_bits_of_grey_in_a_tiff_are_not_spread(path, bits, packed, ids):
    tiff = save_tiff_of(path('a.tif'), bytes([packed]), width=len(ids[0]), bits=bits)
    assert read_annotation(tiff).tolist() == ids


@pytest.mark.parametrize('form, words', [
    (dict(bits=16, samples=3), '3 bands of 16 bits'),
    (dict(samples=4, extra=0), 'the last of which has no known meaning'),
    (dict(samples=4, extra=1), 'multiplied by its alpha'),
    (dict(photometric=0), '0 is white'),
])
def test_tiff_that_would_be_misread_is_refused(path, form, words):
    with pytest.raises(ImageError, match='a.tif: .*' + words):
        read_annotation(save_tiff_of(path('a.tif'), bytes(8), **form))


@pytest.mark.parametrize('name', ['a.tif', 'a.png'])
def test_several_pages_are_refused(path, name):
    with pytest.raises(ImageError, match='2 pages'):
        read_annotation(save(path(name), IDS, save_all=True, append_images=[Image.fromarray(IDS + 1)]))


def test_bitmap_of_five_bits_is_refused(path):
    header = b'BM' + struct.pack('<IHHI', 58, 0, 0, 54)
    info = struct.pack('<IiiHHIIiiII', 40, 2, 1, 1, 16, 0, 4, 0, 0, 0, 0)
    with open(path('a.bmp'), 'wb') as file:
        file.write(header + info + bytes(4))
    with pytest.raises(ImageError, match='5 or 6 bits'):
        read_annotation(path('a.bmp'))


@pytest.mark.parametrize('name, options', [('a.tif', dict(compression='jpeg')), ('a.webp', dict(lossless=True))])
def test_compression_that_changes_ids_is_refused(path, name, options):
    pixels = np.dstack([np.tile(IDS, (8, 8))] * 3) if name == 'a.webp' else np.tile(IDS, (8, 8))
    with pytest.raises(ImageError, match=name + '.*compression changes ids.*colour_masks.py.*--nearest'):
        read_annotation(save(path(name), pixels, **options))
