"""Reads photos and annotations with bytes changed at random: all that may come of it is an image or an ImageError.

    make soak                                                   # 10 minutes of it among the rest
    PYTHONPATH=.:tests python tests/soak/fuzz_images.py 60      # seconds, and then perhaps a seed
"""
import collections
import faulthandler
import io
import os
import random
import resource
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib

import numpy as np
from PIL import Image

from fcn8s.data.annotations import read_annotation
from fcn8s.data.photos import photo_size, read_photo
from fcn8s.utils.errors import UserError

HANG, SLOW = 60, 10  # seconds for one file, by the clock and of work
MEMORY = 3 << 30     # bytes that the process may use: a photo at the limit of 512 megapixels takes half of them
FORMATS = ('JPEG', 'PNG', 'BMP', 'TIFF', 'WEBP')
WORDS = (0, 1, 2, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff)

# tried: {format: files}; readable: of them; findings: texts
Result = collections.namedtuple('Result', 'tried readable findings')


def corpus():
    """[(format, bytes)] of small images of every kind that Pillow writes and fcn8s.data.photos reads."""
    random_state = np.random.RandomState(0)
    rgba = Image.fromarray(random_state.randint(0, 256, (17, 24, 4)).astype(np.uint8), 'RGBA')
    grey16 = Image.fromarray(random_state.randint(0, 65536, (17, 24)).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    images = {mode: rgba.convert('RGB').convert(mode) for mode in ('1', 'L', 'P', 'RGB', 'CMYK', 'YCbCr', 'I', 'F')}
    images.update({'RGBA': rgba, 'LA': rgba.convert('LA'), 'I;16': grey16})
    kinds = [('JPEG', mode, options) for mode in ('L', 'RGB', 'CMYK') for options in (
        {}, {'progressive': True}, {'exif': exif.tobytes()}, {'subsampling': 0, 'restart_marker_blocks': 1})]
    kinds += [('PNG', mode, {}) for mode in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'I;16')]
    kinds += [('PNG', 'P', {'transparency': bytes(range(200))}), ('PNG', 'RGB', {'exif': exif.tobytes()}),
              ('PNG', 'RGBA', {'save_all': True, 'append_images': [rgba.rotate(180)]}),
              ('PNG', 'P', {'bits': 2}), ('PNG', 'L', {'transparency': 3})]
    kinds += [('BMP', mode, {}) for mode in ('1', 'L', 'P', 'RGB', 'RGBA')]
    kinds += [('TIFF', mode, {'compression': compression})
              for mode in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'I', 'I;16', 'F')
              for compression in (None, 'tiff_lzw', 'tiff_adobe_deflate', 'packbits')]
    kinds += [('TIFF', 'RGB', {'compression': 'jpeg'}), ('TIFF', '1', {'compression': 'group4'}),
              ('TIFF', 'RGB', {'save_all': True, 'append_images': [rgba.convert('RGB')]}),
              ('TIFF', 'RGB', {'exif': exif})]
    kinds += [('WEBP', mode, options) for mode in ('RGB', 'RGBA') for options in (
        {}, {'lossless': True}, {'exif': exif.tobytes()}, {'save_all': True, 'append_images': [rgba.rotate(180)]})]
    return [(kind, encoded(images[mode], kind, options)) for kind, mode, options in kinds]


def encoded(image, kind, options):
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def changed(data, draw, others):
    """Bytes with one to five changes of any kind."""
    data = bytearray(data)
    for _ in range(draw.randint(1, 5)):
        at = draw.randrange(len(data) or 1)
        end = at + draw.randint(1, 40)
        change = draw.randrange(7)
        if change == 0:
            data[at:at + 1] = bytes([draw.randrange(256)])
        elif change == 1:
            data[at:at + 1] = bytes([(data[at] if data else 0) ^ 1 << draw.randrange(8)])
        elif change == 2:
            word = struct.pack(draw.choice('<>') + 'I', draw.choice(WORDS))
            size = draw.choice((2, 4))
            data[at:at + size] = word[:size]
        elif change == 3:
            del data[at:end]
        elif change == 4:
            data[at:at] = data[at:end] * draw.choice((1, 1, 50))
        elif change == 5:
            del data[draw.randrange(len(data) or 1):]
        else:
            other = draw.choice(others)[1]
            start = draw.randrange(len(other))
            data[at:end] = other[start:start + end - at]
    return bytes(data)


def with_checksums(data):
    """A PNG's bytes with the checksums that its chunks should have: else most changes would end there."""
    pieces, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = struct.unpack('>I', data[at:at + 4])[0]
        if at + 12 + size > len(data):
            break
        chunk = data[at + 4:at + 8 + size]
        pieces.append(data[at:at + 4] + chunk + struct.pack('>I', zlib.crc32(chunk)))
        at += 12 + size
    return b''.join(pieces) + data[at:]


def problem(path):
    """What is wrong with how a file is read: a text, '' for nothing; and whether it could be read."""
    readable = False
    for read, dimensions in ((read_photo, 3), (read_annotation, 2), (photo_size, None)):
        try:
            found = read(path)
            readable = True
            if dimensions and (found.dtype != np.uint8 or found.ndim != dimensions or not found.size):
                return f'{read.__name__} gave {found.dtype} {found.shape}', readable
        except UserError:
            pass
        except BaseException:
            return f'{read.__name__}: {traceback.format_exc()}', readable
    return '', readable


def fuzz(seconds, seed, folder, crashes):
    """Tries files for so long; the file of a finding stays in the folder. Returns Result.

    crashes: where the stack goes when a file takes too long.
    """
    images, draw = corpus(), random.Random(seed)
    result = Result(collections.Counter(), collections.Counter(), [])
    end = time.time() + seconds
    while time.time() < end:
        kind = draw.choice(FORMATS)
        _, data = draw.choice([image for image in images if image[0] == kind])
        data = changed(data, draw, images)
        if kind == 'PNG' and draw.random() < 0.7:
            data = with_checksums(data)
        path = os.path.join(folder, f'{sum(result.tried.values())}.{kind.lower()}')
        with open(path, 'wb') as file:
            file.write(data)
        faulthandler.dump_traceback_later(HANG, exit=True, file=crashes)
        start = time.process_time()
        text, readable = problem(path)
        if time.process_time() - start > SLOW:
            text = text or f'it took {time.process_time() - start:.1f} s'
        result.tried[kind] += 1
        result.readable[kind] += readable
        if text:
            result.findings.append(f'{path}: {text}')
        else:
            os.remove(path)
    faulthandler.cancel_dump_traceback_later()
    return result


def main(seconds, seed=None):
    """Returns the exit code."""
    crashes = os.fdopen(os.dup(2), 'w')
    faulthandler.enable(crashes)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff tells there of each damage that it meets
    warnings.simplefilter('ignore')
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seed = int(time.time()) if seed is None else int(seed)
    folder = tempfile.mkdtemp(prefix='fuzz-images-')
    print(f'seed {seed}; what is found stays in {folder}', flush=True)
    result = fuzz(float(seconds), seed, folder, crashes)
    for kind, count in sorted(result.tried.items()):
        print(f'{kind}: {count} files tried, {result.readable[kind]} still readable')
    print(f'peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB')
    print('\n'.join(result.findings[:20]) or 'nothing but images and ImageErrors')
    if not result.findings:
        os.rmdir(folder)
    return 1 if result.findings else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
