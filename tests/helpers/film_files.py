"""Small films, made and read back with imageio and ffmpeg."""
import re
import subprocess

import numpy as np
from imageio.v2 import get_reader, get_writer
from imageio_ffmpeg import get_ffmpeg_exe

RED, BLUE = (180, 60, 60), (60, 60, 180)


def moving_edge(count=12, height=48, width=64):
    """Frames, red left and blue right of an edge that moves two pixels to the right with every frame."""
    for i in range(count):
        left = np.arange(width) < width // 4 + 2 * i
        yield np.where(left[None, :, None], RED, BLUE).astype(np.uint8) * np.ones((height, 1, 1), np.uint8)


def write_film(path, frames, fps=25, sound=None, **options):
    """A film at `path`; sound: None, or the codec of a sine as long as the picture."""
    silent = str(path) if sound is None else str(path) + '.silent.mp4'
    with get_writer(silent, format='FFMPEG', fps=fps, codec='libx264', quality=9, macro_block_size=1,
                    **options) as writer:
        for frame in frames:
            writer.append_data(frame)
    if sound:
        ffmpeg('-i', silent, '-f', 'lavfi', '-i', 'sine=frequency=440', '-c:v', 'copy', '-c:a', sound, '-shortest',
               str(path))
    return str(path)


def write_film_of_unknown_sound(path):
    """An .mkv whose sound is said to be of a codec that there is not."""
    with open(write_film(path, moving_edge(), sound='pcm_s16le'), 'r+b') as file:
        data = file.read().replace(b'A_PCM/INT/LIT', b'A_XYZ/INT/LIT')
        file.seek(0)
        file.write(data)
    return str(path)


def ffmpeg(*arguments):
    """Runs ffmpeg; returns whether it succeeded."""
    return subprocess.call([get_ffmpeg_exe(), '-nostdin', '-v', 'error', '-y'] + list(arguments)) == 0


def read_film(path):
    """(frames uint8 [n, H, W, 3], frames a second), read by imageio."""
    with get_reader(str(path), format='FFMPEG') as reader:
        return np.stack(list(iter(reader))), reader.get_meta_data()['fps']


def streams(path):
    """What ffmpeg says about the streams of a file: [('Video', 'h264'), ('Audio', 'aac')]."""
    said = subprocess.run([get_ffmpeg_exe(), '-i', str(path)], stderr=subprocess.PIPE).stderr.decode()
    return re.findall(r'Stream #.*?: (Video|Audio): (\w+)', said)
