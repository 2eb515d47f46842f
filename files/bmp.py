"""BMP files that Pillow would misread: it takes the bits of a pixel from the number of colours, not from the header."""
import struct


def misread_form(image, file):
    """Why the opened BMP `image` of `file` would be decoded wrongly; None if it would not. May move in the file."""
    file.seek(14)
    size, = struct.unpack('<I', file.read(4))
    file.seek(24 if size == 12 else 28)  # the older and shorter header has 16-bit sizes
    bits, = struct.unpack('<H', file.read(2))
    if {'1': 1, 'L': 8}.get(image.mode, bits) != bits:
        return (f'a BMP of greys with {bits} bits for each pixel, which would not be decoded correctly. '
                'Save the image as PNG')
    return None
