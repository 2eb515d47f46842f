"""Which forms of TIFF Pillow reads correctly, and what is wrong with the others."""
from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    SAMPLESPERPIXEL,
    STRIPOFFSETS,
    TILEOFFSETS,
    ImageFileDirectory_v2,
)

_BIG, _BIG_ENDIAN_BIG = b'II+\0', b'MM\0+'  # BigTIFF
HEADERS = (b'II*\0', b'MM\0*', b'II\0*', b'MM*\0', _BIG, _BIG_ENDIAN_BIG)  # Pillow takes the two in between as well
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3  # SampleFormat
_PHOTOMETRIC = {0: 'WhiteIsZero', 1: 'BlackIsZero', 2: 'RGB', 3: 'palette', 5: 'CMYK', 6: 'YCbCr', 8: 'CIELab'}
# {(PhotometricInterpretation, channels): bits of each channel}, of what Pillow reads as it is meant
_CHUNKY = {(0, 1): (1, 2, 4, 8), (1, 1): (1, 2, 4, 8, 16, 32), (1, 2): (8,), (1, 3): (8, 16), (1, 4): (8, 16),
           (2, 3): (8, 16), (2, 4): (8, 16), (3, 1): (1, 2, 4, 8), (3, 2): (8,), (5, 4): (8, 16), (6, 1): (8,),
           (6, 3): (8,), (8, 3): (8,)}
_PLANAR = {form: _CHUNKY[form] for form in ((2, 3), (2, 4), (5, 4), (6, 3), (8, 3))}


class WithoutDescriptor:
    """A file that Pillow has to read itself: older releases have libtiff close a descriptor that they close again.

    By then it may be that of a file which another thread has just opened.
    """

    def __init__(self, file):
        self.read, self.seek, self.tell = file.read, file.seek, file.tell

    def close(self):
        """Does nothing: whoever opened the file closes it."""


def prepare_pillow():
    """Makes Pillow read TIFFs through libtiff, and treat three or four channels marked BlackIsZero as colours.

    Pillow's own reader garbles 16-bit planes, and GDAL marks 16-bit colours BlackIsZero. Both settings affect the whole
    process.
    """
    TiffImagePlugin.READ_LIBTIFF = True
    forms = TiffImagePlugin.OPEN_INFO
    for (prefix, photometric, sample_format, fill_order, bits, extra), reading in list(forms.items()):
        if photometric == 2 and (len(bits), len(extra)) in ((3, 0), (4, 1)):
            unsaid = (0,) * (len(bits) - 1)  # of grey, all channels but the first are extra samples, of no meaning
            for extras in ((0, 0) + extra,) + (((), unsaid) if extra in ((), (0,)) else ()):
                forms.setdefault((prefix, 1, sample_format, fill_order, bits, extras), reading)


def unreadable_form(file):
    """A sentence that says why a TIFF would be misread, or None.

    file: binary, at its beginning. Raises Pillow's errors for a damaged directory.
    """
    header = file.read(8)
    if header[:4] == _BIG_ENDIAN_BIG:
        return 'a big-endian BigTIFF cannot be read. Save it as little-endian BigTIFF, as a usual TIFF or as PNG'
    directory = ImageFileDirectory_v2(header + file.read(8) if header[:4] == _BIG else header)
    file.seek(directory.next)
    directory.load(file)
    channels, compression = directory.get(SAMPLESPERPIXEL, 1), directory.get(COMPRESSION, 1)
    if channels > 4:
        return f'the image has {channels} channels; a photo has 1 to 4. Save its red, green and blue as an RGB image'
    if compression not in TiffImagePlugin.COMPRESSION_INFO:
        return f'this TIFF is packed by a method that cannot be read, number {compression}. Save it with LZW or deflate'
    offsets = directory.get(STRIPOFFSETS) or directory.get(TILEOFFSETS) or ()
    missing = sum(offset < len(header) for offset in offsets)
    if missing:
        return f'{missing} of the {len(offsets)} parts of the image are not in the file: it is damaged, or sparse'
    photometric, planar = directory.get(PHOTOMETRIC_INTERPRETATION, 0), directory.get(PLANAR_CONFIGURATION, 1)
    bits, kinds = set(directory.get(BITSPERSAMPLE, (1,))), set(directory.get(SAMPLEFORMAT, (_UNSIGNED,)))
    if kinds == {_FLOAT}:
        whole = channels == 1 and bits == {32}  # Pillow's mode F, which the caller refuses
        return None if whole else 'the image holds floating point values of unknown range. Save it as 8-bit RGB'
    read = (_PLANAR if planar == 2 else _CHUNKY).get((photometric, channels), ())
    if kinds == {_SIGNED}:
        read = (16, 32) if (photometric, channels) == (1, 1) else ()
    elif kinds != {_UNSIGNED}:
        read = ()
    if len(bits) == 1 and bits <= set(read):
        return None
    kind = {(_SIGNED,): 'signed ', (_UNSIGNED,): ''}.get(tuple(kinds), 'unknown ')
    return (f'this form of TIFF cannot be read: {channels} {kind}channel{"s" * (channels > 1)} of '
            f'{" and ".join(map(str, sorted(bits)))} bits, {_PHOTOMETRIC.get(photometric, f"kind {photometric}")}'
            f'{", each in a plane of its own" * (planar == 2)}. Save it as 8-bit RGB, or as 16-bit grey')
