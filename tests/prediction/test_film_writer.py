"""Writing films: what other programs read from them, and failures to write."""
import os
from fractions import Fraction

import numpy as np
import pytest
from film_files import moving_edge, read_film, streams, write_film

from fcn8s.prediction.ffmpeg import film_writer
from fcn8s.prediction.film_reader import FilmReader
from fcn8s.utils.errors import UserError


def write(path, frames, fps=25, sound_of=None):
    frames = list(frames)
    with film_writer(str(path), *frames[0].shape[:2], fps=fps, sound_of=sound_of) as append:
        for frame in frames:
            append(frame)


def test_frames_come_back(tmp_path):
    write(tmp_path / 'a.mp4', moving_edge())
    frames, fps = read_film(tmp_path / 'a.mp4')
    assert fps == 25 and frames.shape == (12, 48, 64, 3)
    assert np.abs(frames.astype(int) - np.stack(list(moving_edge()))).mean() < 3


def test_colours_are_kept(tmp_path):
    """A wrong matrix for the colours would move saturated ones by ten and more."""
    frame = np.zeros((32, 96, 3), np.uint8)
    colours = [(220, 40, 40), (40, 200, 40), (40, 40, 220)]
    for i, colour in enumerate(colours):
        frame[:, 32 * i:32 * i + 32] = colour
    write(tmp_path / 'colours.mp4', [frame] * 3)
    frames, _ = read_film(tmp_path / 'colours.mp4')
    for i, colour in enumerate(colours):
        assert np.abs(frames[1, 8:24, 32 * i + 8:32 * i + 24].mean((0, 1)) - colour).max() < 5


def test_rate_may_be_a_fraction(tmp_path):
    write(tmp_path / 'ntsc.mp4', moving_edge(), Fraction(24000, 1001))
    assert FilmReader(str(tmp_path / 'ntsc.mp4')).fps == Fraction(24000, 1001)


def test_odd_sides_repeat_the_last_row_and_column(tmp_path):
    frame = np.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype(np.uint8).repeat(9, 0).repeat(9, 1)  # 45 x 63
    write(tmp_path / 'odd.mp4', [frame] * 3)
    frames, _ = read_film(tmp_path / 'odd.mp4')
    assert frames.shape == (3, 46, 64, 3)
    assert np.abs(frames[0, 45, :63].astype(int) - frames[0, 44, :63]).mean() < 5
    assert np.abs(frames[0, :45, 63].astype(int) - frames[0, :45, 62]).mean() < 5


@pytest.mark.parametrize('codec, extension, expected', [('aac', 'mp4', 'aac'), ('mp3', 'mkv', 'mp3'),
                                                        ('libvorbis', 'mkv', 'aac'), ('pcm_s16le', 'mov', 'aac')])
def test_sound_is_taken_along(tmp_path, codec, extension, expected):
    source = FilmReader(write_film(tmp_path / ('a.' + extension), moving_edge(), sound=codec))
    write(tmp_path / 'out.mp4', moving_edge(), sound_of=source)
    assert streams(tmp_path / 'out.mp4') == [('Video', 'h264'), ('Audio', expected)]


def test_film_without_sound_stays_silent(tmp_path):
    source = FilmReader(write_film(tmp_path / 'a.mp4', moving_edge()))
    write(tmp_path / 'out.mp4', moving_edge(), sound_of=source)
    assert streams(tmp_path / 'out.mp4') == [('Video', 'h264')]


def test_failure_on_the_way_leaves_the_old_film(tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError, match='no more frames'), film_writer(str(path), 48, 64, 25) as append:
        append(next(moving_edge()))
        raise RuntimeError('no more frames')
    assert path.read_bytes() == b'old' and os.listdir(str(tmp_path)) == ['a.mp4']


def test_ffmpeg_that_fails_is_quoted_and_leaves_the_old_film(tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'old')
    source = FilmReader(write_film(tmp_path / 'source.mp4', moving_edge(), sound='aac'))
    os.remove(source.path)
    with pytest.raises(UserError, match='a.mp4 cannot be written: .*No such file'):
        write(path, moving_edge(40, 240, 320), sound_of=source)
    assert path.read_bytes() == b'old' and not any(name.startswith('.partial') for name in os.listdir(str(tmp_path)))
