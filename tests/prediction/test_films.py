"""Segmenting films, with a stand-in for the net that tells red from blue."""
import os

import numpy as np
import pytest
from film_files import moving_edge, read_film, streams, write_film
from PIL import Image

from fcn8s.prediction.film_reader import FilmReader, FrameFolder
from fcn8s.prediction.films import segment_film
from fcn8s.prediction.tiles import MAX_BATCH_PHOTOS
from fcn8s.utils.errors import UserError
from fcn8s.visualize import overlay

COLOURS = np.array([(0, 0, 0), (240, 240, 40), (40, 240, 240)], np.uint8)


def bluer(frame):
    return np.where(frame[:, :, 2] > frame[:, :, 0], 2, 1).astype(np.uint8)


def bluer_each(frames):
    return ((frame, bluer(frame)) for frame in frames)


def paint(frame, ids):
    return overlay(frame, ids, COLOURS)


def test_frames_are_painted_as_photos_are(tmp_path):
    film = FilmReader(write_film(tmp_path / 'a.mp4', moving_edge(), sound='aac'))
    segment_film(film, str(tmp_path / 'out.mp4'), bluer_each, paint)
    frames, fps = read_film(tmp_path / 'out.mp4')
    assert frames.shape == (12, 48, 64, 3) and fps == 25
    expected = np.stack([paint(frame, bluer(frame)) for frame in film.frames()])
    assert np.abs(frames.astype(int) - expected).mean() < 3
    assert streams(tmp_path / 'out.mp4') == [('Video', 'h264'), ('Audio', 'aac')]


def test_sample_has_the_shares_of_the_classes(tmp_path):
    film = FilmReader(write_film(tmp_path / 'a.mp4', moving_edge(count=4)))
    sample = segment_film(film, str(tmp_path / 'out.mp4'), bluer_each, paint)
    # of 64 columns 16, 18, 20 and 22 are red: 76 of 256
    assert np.bincount(sample) / len(sample) == pytest.approx([0, 76 / 256, 180 / 256], abs=0.001)


def test_progress_is_reported_frame_by_frame(tmp_path):
    reported = []
    film = FilmReader(write_film(tmp_path / 'a.mp4', moving_edge()))
    segment_film(film, str(tmp_path / 'out.mp4'), bluer_each, paint, lambda: reported.append(1))
    assert len(reported) == 12


def test_few_frames_are_in_memory_at_a_time(tmp_path):
    class Long:
        path, height, width, fps, sound_encoder, damage = 'long', 48, 64, 25, None, None
        decoded = 0

        def frames(self):
            for frame in moving_edge(60):
                self.decoded += 1
                yield frame

    film, ahead, painted = Long(), [], []

    def predict(frames):
        for frame in frames:
            ahead.append(film.decoded - len(ahead))
            yield frame, bluer(frame)

    def slow_paint(frame, ids):
        painted.append(1)
        return paint(frame, ids)

    segment_film(film, str(tmp_path / 'out.mp4'), predict, slow_paint)
    assert film.decoded == 60 and max(ahead) <= MAX_BATCH_PHOTOS + 3


def test_error_of_the_net_leaves_no_film(tmp_path):
    def fail(frame):
        raise UserError('memory ran out')

    film = FilmReader(write_film(tmp_path / 'a.mp4', moving_edge()))
    with pytest.raises(UserError, match='memory ran out'):
        segment_film(film, str(tmp_path / 'out.mp4'), fail, paint)
    assert os.listdir(str(tmp_path)) == ['a.mp4']


def test_film_without_readable_frames_is_an_error(tmp_path):
    for size in ((48, 64), (50, 64)):
        Image.new('RGB', size[::-1]).save(str(tmp_path / f'{size[0]}.png'))
    folder = FrameFolder(str(tmp_path), 25)
    (tmp_path / '48.png').write_bytes(b'gone')  # after the first look at it
    with pytest.raises(UserError, match='2 of 2 frames were left out'):
        segment_film(folder, str(tmp_path / 'out.mp4'), bluer_each, paint)
    assert not os.path.exists(str(tmp_path / 'out.mp4'))


def test_frames_of_a_folder_come_in_the_order_of_their_numbers(tmp_path):
    for red, name in enumerate(['frame_1', 'frame_1²', 'frame_2', 'frame_9', 'frame_10', 'frame_10²3']):
        Image.new('RGB', (20, 10), (red, 0, 0)).save(str(tmp_path / (name + '.png')))
    frames = FrameFolder(str(tmp_path), 25).frames()
    assert [frame[0, 0, 0] for frame in frames] == [0, 1, 2, 3, 4, 5]


def test_folder_leaves_out_frames_of_another_size_and_names_them(tmp_path):
    for name, size in (('a', (20, 10)), ('b', (20, 12)), ('c', (20, 10))):
        Image.new('RGB', size).save(str(tmp_path / f'{name}.png'))
    folder = FrameFolder(str(tmp_path), 25)
    assert [frame.shape for frame in folder.frames()] == [(10, 20, 3)] * 2
    assert 'b.png is 20x12 pixels, the first frame 20x10' in folder.damage


def test_folder_without_frames_is_refused(tmp_path):
    with pytest.raises(UserError, match='holds no frames'):
        FrameFolder(str(tmp_path), 25)
