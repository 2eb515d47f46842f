"""Data_zoo/SampleScenes: the layout, the ids, and that the same seed draws the same scenes everywhere."""
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from Data_zoo.SampleScenes import canvas
from Data_zoo.SampleScenes import prepare as scenes_data
from Data_zoo.SampleScenes.canvas import SCALE, Scene, Sprite
from Data_zoo.SampleScenes.scenes import draw
from fcn8s.data.classes import read_classes
from fcn8s.utils.errors import UserError


@pytest.fixture(scope='module')
def scenes():
    return [draw(0, scenes_data.TRAINING, index) for index in range(12)]


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
    return scenes_data.prepare(str(tmp_path_factory.mktemp('scenes') / 'data'), seed=5, training=2, validation=1)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder).replace(os.sep, '/')
                  for where, _, names in os.walk(folder) for name in names)


def test_layout_is_the_one_of_all_data_sets(data_dir):
    assert files_below(data_dir) == [
        'annotations/training/training_000.png', 'annotations/training/training_001.png',
        'annotations/validation/validation_000.png', 'classes.csv', 'images/training/training_000.jpg',
        'images/training/training_001.jpg', 'images/validation/validation_000.jpg']


def test_annotation_is_a_palette_image_of_the_drawn_ids_in_the_photos_size(data_dir):
    photo, ids = draw(5, scenes_data.VALIDATION, 0)
    with Image.open(os.path.join(data_dir, 'annotations', 'validation', 'validation_000.png')) as annotation:
        assert annotation.mode == 'P'
        np.testing.assert_array_equal(np.array(annotation), ids)
        assert annotation.getpalette()[:6] == [0, 0, 0, 110, 190, 240]  # others and sky of classes.csv
    with Image.open(os.path.join(data_dir, 'images', 'validation', 'validation_000.jpg')) as jpeg:
        assert (jpeg.height, jpeg.width) == ids.shape
        assert abs(np.array(jpeg).astype(int) - photo).mean() < 12  # what JPEG loses, mostly of the film grain


def test_classes_file_names_the_ids_that_are_painted():
    for index, row in enumerate(read_classes(scenes_data.CLASSES)):
        assert getattr(canvas, row.name.upper()) == index


def test_sizes_are_no_multiples_of_32_and_some_photos_are_upright(scenes):
    sizes = np.array([ids.shape for _, ids in scenes])
    assert (sizes % 32).all()
    assert sizes.min() >= 161 and sizes.max() <= 260
    assert 0 < (sizes[:, 0] > sizes[:, 1]).sum() < len(scenes)


def test_photo_and_ids_are_of_one_size_and_type(scenes):
    for photo, ids in scenes:
        assert photo.shape == ids.shape + (3,)
        assert photo.dtype == ids.dtype == np.uint8


def test_every_class_covers_some_of_the_scenes(scenes):
    counts = sum(np.bincount(ids.ravel(), minlength=7) for _, ids in scenes)
    assert len(counts) == 7
    assert (counts / counts.sum() > 0.004).all()


def test_colour_alone_does_not_tell_the_classes(scenes):
    """The most frequent class of each of 4096 colours, learned on some scenes, fails on others."""
    votes = np.zeros((4096, 7))
    for photo, ids in scenes[:8]:
        np.add.at(votes, (_colour_bin(photo), ids), 1)
    right = np.concatenate([(votes[_colour_bin(photo)].argmax(-1) == ids).ravel() for photo, ids in scenes[8:]])
    assert right.mean() < 0.7


def _colour_bin(photo):
    red, green, blue = np.moveaxis(photo.astype(int) // 16, -1, 0)
    return 256 * red + 16 * green + blue


def test_the_same_numbers_draw_the_same_scene(scenes):
    for again, first in zip(draw(0, scenes_data.TRAINING, 3), scenes[3]):
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize('numbers', [(1, 0, 3), (0, 1, 3), (0, 2, 3), (0, 0, 4)])
def test_another_seed_part_or_index_draws_another_scene(scenes, numbers):
    assert draw(*numbers)[0].tobytes() != scenes[3][0].tobytes()


def test_the_scenes_are_the_same_on_every_python_and_library(scenes):
    """A change of the painting changes this value, and every score measured on the scenes with it."""
    digest = hashlib.md5(b''.join(photo.tobytes() + ids.tobytes() for photo, ids in scenes))
    assert digest.hexdigest() == '87f8e665b88912cfc250816e23683a4c'


def test_ids_are_taken_at_the_middle_of_each_photo_pixel():
    scene = Scene(0)
    scene.pens[1].rectangle((4, 0) + scene.size, fill=canvas.ROAD)  # from the second pixel's middle on
    scene.pens[0].rectangle((0, 0) + scene.size, fill=(0, 0, 0))
    scene.pens[0].rectangle((4, 0) + scene.size, fill=(200, 200, 200))
    photo, ids = scene.develop()
    assert (ids[:, 0] == canvas.SKY).all() and (ids[:, 1:] == canvas.ROAD).all()
    means = photo.mean(axis=(0, 2))
    assert means[0] < 10 and means[2] == pytest.approx(200, abs=10)
    assert means[1] == pytest.approx(2 / 3 * 200, abs=10)  # 2 of its 3 columns are painted


def outlined_square(outline):
    """The ids of the upper left corner of a scene of road with a car of 3 x 3 pixels in it."""
    scene = Scene(0)
    for pen, road, car in zip(scene.pens[1:], (canvas.ROAD, 0), (canvas.CAR, outline)):
        pen.rectangle((0, 0) + scene.size, fill=road)
        pen.rectangle((2 * SCALE, 2 * SCALE, 5 * SCALE - 1, 5 * SCALE - 1), fill=car)
    return scene.develop()[1][:6, :6].tolist()


def test_void_border_lies_where_the_upper_or_left_neighbour_is_another_thing():
    assert outlined_square(1) == [[4, 4, 4, 4, 4, 4],
                                  [4, 4, 4, 4, 4, 4],
                                  [4, 4, 0, 0, 0, 0],
                                  [4, 4, 0, 5, 5, 0],
                                  [4, 4, 0, 5, 5, 0],
                                  [4, 4, 0, 0, 0, 4]]


def test_thing_without_an_outline_has_no_void_border():
    assert not any(0 in row for row in outlined_square(0))


def test_farther_things_are_smaller_and_higher_up():
    scene, boxes = Scene(0), []
    for z in (5.0, 10.0):
        scene.pens[1].rectangle((0, 0) + scene.size, fill=canvas.ROAD)
        Sprite(scene, canvas.CAR, 0.0, z).box((9, 9, 9), -0.5, 0, 0.5, 1)
        boxes.append(scene.ids.point(lambda class_id: 255 * (class_id == canvas.CAR)).getbbox())
    (_, top, _, bottom), (_, far_top, _, far_bottom) = boxes
    assert bottom - top == pytest.approx(2 * (far_bottom - far_top), abs=3)
    assert far_bottom < bottom


def test_complete_data_set_is_left_as_it_is(data_dir, monkeypatch, capsys):
    monkeypatch.setattr(scenes_data, 'atomic_folder', None)
    assert scenes_data.prepare(data_dir, seed=5, training=2, validation=1) == data_dir
    assert 'not changed' in capsys.readouterr().out


@pytest.mark.parametrize('numbers', [(6, 2, 1), (5, 3, 1), (5, 2, 2)])
def test_data_set_of_other_scenes_is_told_and_left(data_dir, numbers):
    before = files_below(data_dir)
    with pytest.raises(UserError, match=f'data holds other scenes than .*--seed={numbers[0]}.*another folder, or move'):
        scenes_data.prepare(data_dir, *numbers)
    assert files_below(data_dir) == before


def test_photos_of_another_seed_are_told(tmp_path):
    folder = scenes_data.draw_photos(str(tmp_path / 'photos'), 1)
    with pytest.raises(UserError, match='photos holds other scenes than those asked for, 1 photos of --seed=1'):
        scenes_data.draw_photos(folder, 1, seed=1)


def test_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    with pytest.raises(UserError, match='not changed'):
        scenes_data.prepare(str(tmp_path))
    assert os.listdir(str(tmp_path)) == ['mine.txt']


def test_interrupted_drawing_leaves_nothing(tmp_path, monkeypatch):
    def draw_one(seed, part, index):
        if index:
            raise KeyboardInterrupt
        return draw(seed, part, index)

    monkeypatch.setattr(scenes_data, 'draw', draw_one)
    with pytest.raises(KeyboardInterrupt):
        scenes_data.prepare(str(tmp_path / 'data'))
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('numbers', [{'seed': -1}, {'seed': 2 ** 32}, {'training': 0}, {'validation': -3}])
def test_impossible_numbers_are_refused(tmp_path, numbers):
    with pytest.raises(UserError, match=str(list(numbers.values())[0])):
        scenes_data.prepare(str(tmp_path / 'data'), **numbers)


def test_script_draws_photos_without_annotations_and_leaves_them_the_second_time(tmp_path):
    command = [sys.executable, scenes_data.__file__, '--photos', '2', 'new']
    for expected in ('drew 2 photos', 'not changed'):
        done = subprocess.run(command, cwd=str(tmp_path), check=True, capture_output=True, text=True)
        assert expected in done.stdout
    assert files_below(str(tmp_path)) == ['new/photo_000.jpg', 'new/photo_001.jpg']


def test_photos_never_go_into_a_folder_of_the_users(tmp_path):
    (tmp_path / 'mine.jpg').write_text('mine')
    with pytest.raises(UserError, match='not changed'):
        scenes_data.draw_photos(str(tmp_path), 1)
    assert os.listdir(str(tmp_path)) == ['mine.jpg']
