"""Planning inference: inputs, output paths, shards and existing results."""
import os

import pytest

from fcn8s.prediction.inputs import find_inputs, folder_film, is_done, is_photo, plan, select_shard
from fcn8s.utils.errors import UserError


def touch(folder, *names):
    for name in names:
        (folder / name).write_bytes(b'')
    return [str(folder / name) for name in names]


def test_folder_means_its_photos_and_films_by_name(tmp_path):
    touch(tmp_path, 'b.JPG', 'a.mp4', 'notes.txt', 'c.MOV', '.hidden.png')
    assert [os.path.basename(path) for path in find_inputs([str(tmp_path)])] == ['a.mp4', 'b.JPG', 'c.MOV']


def test_other_files_of_a_folder_are_noted(tmp_path, capsys):
    (tmp_path / 'holiday').mkdir()
    touch(tmp_path, 'a.jpg', 'b.HEIC', 'README.md', '.hidden')
    find_inputs([str(tmp_path)])
    shown = capsys.readouterr().out
    assert shown.startswith(f'note: {tmp_path}: left out') and shown.endswith(': b.HEIC, holiday\n')


def test_folder_of_photos_needs_no_note(tmp_path, capsys):
    touch(tmp_path, 'a.jpg', 'README.md', '.hidden')
    find_inputs([str(tmp_path)])
    assert capsys.readouterr().out == ''


def test_path_named_twice_counts_once_in_any_spelling(tmp_path, monkeypatch):
    path, = touch(tmp_path, 'a.jpg')
    monkeypatch.chdir(tmp_path)
    assert find_inputs([path, str(tmp_path)]) == [path]
    assert find_inputs(['a.jpg', './a.jpg', path, '.']) == ['a.jpg']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='Windows makes no links unasked')
def test_links_with_other_names_are_other_photos(tmp_path):
    path, = touch(tmp_path, 'a.jpg')
    os.symlink(path, str(tmp_path / 'b.jpg'))
    assert find_inputs([str(tmp_path)]) == [path, str(tmp_path / 'b.jpg')]


def test_outputs_of_photos_and_films(tmp_path):
    photo, film = plan(touch(tmp_path, 'street.jpg', 'street.mp4'), 'out', 'vertical', softmax=True)
    assert photo.error is None and film.error is None
    assert sorted(os.path.basename(path) for path in photo.outputs.values()) == [
        'street.png', 'street_legend.png', 'street_softmax.npz', 'street_vertical.jpg']
    assert sorted(os.path.basename(path) for path in film.outputs.values()) == [
        'street_vertical.mp4', 'street_vertical_legend.png']
    assert is_photo(photo) and not is_photo(film)


def test_inputs_never_share_outputs(tmp_path):
    items = plan(touch(tmp_path, 'a.jpg', 'A.png', 'b.mov', 'b.mkv', 'c.jpg', 'c.mp4'), 'out', 'overlay', False)
    assert [os.path.basename(item.path) for item in items if item.error] == ['A.png', 'b.mkv']
    assert 'a.jpg has the same name' in items[1].error


@pytest.mark.parametrize('spelling', ['{}', '{}/', '{}/../{}', '.'])
def test_results_never_go_into_the_photos_folder(tmp_path, spelling, monkeypatch):
    folder = tmp_path / 'mine'
    folder.mkdir()
    path, = touch(folder, 'a.jpg')
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match='--output_dir=.* among the photos or films of .*mine. .*Give another folder'):
        plan([path], spelling.format(folder, 'mine'), 'overlay', False)
    with pytest.raises(UserError, match='--output_dir'):
        plan(['a.jpg'], str(folder), 'overlay', False)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='Windows makes no links unasked')
def test_result_never_replaces_an_input(tmp_path):
    (tmp_path / 'out').mkdir()
    path, = touch(tmp_path / 'out', 'a.png')
    os.symlink(path, str(tmp_path / 'a.png'))
    item, = plan([str(tmp_path / 'a.png')], str(tmp_path / 'out'), 'overlay', False)
    assert 'would replace the photo' in item.error


def test_shards_are_equal_and_complete():
    items = list(range(11))
    parts = [select_shard(items, f'{i}/4') for i in (1, 2, 3, 4)]
    assert sorted(sum(parts, [])) == items and sorted(map(len, parts)) == [2, 3, 3, 3]
    assert parts[1] == [1, 5, 9]


@pytest.mark.parametrize('shard', ['0/4', '5/4', '2', '1/0', 'a/b', '1/2/3', '-1/2'])
def test_wrong_shard_is_refused(shard):
    with pytest.raises(UserError, match='--shard=' + shard):
        select_shard([1], shard)


@pytest.fixture
def done(tmp_path):
    """A photo of time 100, a checkpoint of time 200, and results of time 300; each can be changed."""
    photo, index = touch(tmp_path, 'a.jpg', 'model.ckpt-5.index')
    item, = plan([photo], str(tmp_path / 'out'), 'overlay', False)
    os.makedirs(str(tmp_path / 'out'))
    for path, time in [(photo, 100), (index, 200)] + [(path, 300) for path in item.outputs.values()]:
        with open(path, 'ab'):
            os.utime(path, (time, time))
    return item, str(tmp_path / 'model.ckpt-5')


def test_results_newer_than_photo_and_checkpoint_are_done(done):
    assert is_done(*done)


@pytest.mark.parametrize('changed', ['photo', 'checkpoint'])
def test_input_with_a_newer_photo_or_checkpoint_is_not_done(done, changed):
    item, checkpoint = done
    os.utime(item.path if changed == 'photo' else checkpoint + '.index', (400, 400))
    assert not is_done(item, checkpoint)


@pytest.mark.parametrize('output', ['ids', 'view', 'legend'])
def test_input_with_a_missing_result_is_not_done(done, output):
    os.remove(done[0].outputs[output])
    assert not is_done(*done)


def test_checkpoint_may_be_a_file_of_its_own_name(done, tmp_path):
    path, = touch(tmp_path, 'encoder_best.pth')
    os.utime(path, (200, 200))
    assert is_done(done[0], path)
    os.utime(path, (400, 400))
    assert not is_done(done[0], path)


def test_film_of_a_folder_never_replaces_a_film(tmp_path):
    path, = touch(tmp_path, 'walk.mp4')
    (tmp_path / 'frames').mkdir()
    with pytest.raises(UserError, match='walk.mp4 exists already'):
        folder_film([str(tmp_path / 'frames')], path, skip_done=True)  # without its legend it is not an earlier result


def test_legend_of_a_film_never_replaces_a_picture(tmp_path):
    touch(tmp_path, 'walk_legend.png')
    (tmp_path / 'frames').mkdir()
    with pytest.raises(UserError, match='walk_legend.png exists already'):
        folder_film([str(tmp_path / 'frames')], str(tmp_path / 'walk.mp4'))


def test_film_of_a_folder_never_goes_into_that_folder(tmp_path):
    with pytest.raises(UserError, match='--film=.*walk.mp4 puts the results among the photos'):
        folder_film([str(tmp_path)], str(tmp_path / 'walk.mp4'))


def test_film_of_a_folder_needs_one_folder(tmp_path):
    path, = touch(tmp_path, 'a.jpg')
    for arguments in ([path], [str(tmp_path), str(tmp_path)]):
        with pytest.raises(UserError, match='name one folder of frames'):
            folder_film(arguments, 'walk.mp4')


def test_film_of_a_folder_is_an_mp4(tmp_path):
    with pytest.raises(UserError, match='written as .mp4'):
        folder_film([str(tmp_path)], str(tmp_path / 'walk.avi'))
