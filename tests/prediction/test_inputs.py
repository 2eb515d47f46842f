"""Planning inference: inputs, output paths, shards and existing results."""
import io
import os
import sys

import pytest

from fcn8s.prediction.film_flags import folder_film
from fcn8s.prediction.inputs import done_checker, plan_folders, plan_list
from fcn8s.prediction.outputs import Results
from fcn8s.prediction.shards import ALL, Shard
from fcn8s.utils.errors import UserError

LINKS = pytest.mark.skipif(not hasattr(os, 'fork'), reason='Windows makes no links unasked')


def touch(folder, *names):
    for name in names:
        os.makedirs(os.path.dirname(str(folder / name)), exist_ok=True)
        (folder / name).write_bytes(b'')
    return [str(folder / name) for name in names]


def plan(*arguments, output_dir='out', view='overlay', softmax=False, shard=ALL):
    return plan_folders(list(map(str, arguments)), Results(str(output_dir), view, softmax), shard)


def planned_list(path, shard=ALL):
    return plan_list(str(path), Results('out', 'overlay', False), shard)


def paths(work):
    return [item.path for item in work]


def targets(work, output_dir):
    return [os.path.relpath(item.outputs['ids'], str(output_dir)).replace(os.sep, '/') for item in work]


def test_folder_means_its_photos_and_films_by_name(tmp_path):
    touch(tmp_path, 'b.JPG', 'a.mp4', 'notes.txt', 'c.MOV', 'a.png', '.hidden.png')
    work = plan(tmp_path)
    assert [os.path.basename(path) for path in paths(work)] == ['a.png', 'b.JPG']
    assert [os.path.basename(item.path) for item in work.films] == ['a.mp4', 'c.MOV']
    assert work.describe() == '2 photos and 2 films'


def test_folders_are_walked_to_any_depth_and_results_keep_them(tmp_path):
    touch(tmp_path / 'in', 'a.jpg', 'x/y/z/d.jpg', 'x/b.jpg', 'c/c.jpg', '.hidden/e.jpg')
    work = plan(tmp_path / 'in', output_dir=tmp_path / 'out')
    assert targets(work, tmp_path / 'out') == ['a.png', 'c/c.png', 'x/b.png', 'x/y/z/d.png']


def test_folders_of_one_name_below_two_arguments_share_the_folder_of_results(tmp_path):
    touch(tmp_path, 'p/x/a.jpg', 'q/x/b.jpg', 'q/x/A.png')
    work = plan(tmp_path / 'p', tmp_path / 'q', output_dir=tmp_path / 'out')
    assert targets(work, tmp_path / 'out') == ['x/a.png', 'x/A.png', 'x/b.png']
    assert [bool(item.error) for item in work] == [False, True, False]


@LINKS
def test_links_that_go_round_in_circles_end(tmp_path):
    touch(tmp_path / 'in', 'x/a.jpg')
    os.symlink(str(tmp_path / 'in'), str(tmp_path / 'in' / 'x' / 'round'))
    os.symlink('self', str(tmp_path / 'in' / 'self'))
    assert targets(plan(tmp_path / 'in', output_dir=tmp_path / 'out'), tmp_path / 'out') == ['x/a.png']


def test_folder_of_results_below_the_photos_is_left_out(tmp_path):
    touch(tmp_path, 'a.jpg', 'out/a.png', 'out/a_overlay.jpg')
    assert targets(plan(tmp_path, output_dir=tmp_path / 'out'), tmp_path / 'out') == ['a.png']


def test_other_files_of_all_folders_are_noted(tmp_path, capsys):
    touch(tmp_path, 'a.jpg', 'b.HEIC', 'README.md', '.hidden', 'x/c.heic')
    plan(tmp_path)
    assert capsys.readouterr().out == ('note: left out files in an unsupported format: '
                                       f'{tmp_path / "b.HEIC"}, {tmp_path / "x" / "c.heic"}\n')


def test_folder_of_photos_needs_no_note(tmp_path, capsys):
    touch(tmp_path, 'a.jpg', 'README.md', '.hidden')
    plan(tmp_path)
    assert capsys.readouterr().out == ''


def test_path_named_twice_counts_once_in_any_spelling(tmp_path, monkeypatch):
    path, = touch(tmp_path, 'a.jpg')
    monkeypatch.chdir(tmp_path)
    assert paths(plan(path, tmp_path)) == [path]
    assert paths(plan('a.jpg', './a.jpg', path, '.')) == ['a.jpg']


@LINKS
def test_links_with_other_names_are_other_photos(tmp_path):
    path, = touch(tmp_path, 'a.jpg')
    os.symlink(path, str(tmp_path / 'b.jpg'))
    assert paths(plan(tmp_path)) == [path, str(tmp_path / 'b.jpg')]


def test_folder_without_photos_is_an_error(tmp_path):
    touch(tmp_path, 'x/notes.txt')
    with pytest.raises(UserError, match='no photos or films in .*Put some there'):
        plan(tmp_path)


def test_outputs_of_photos_and_films(tmp_path):
    touch(tmp_path, 'street.jpg', 'street.mp4')
    work = plan(tmp_path, view='vertical', softmax=True)
    (photo,), (film,) = work, work.films
    assert photo.error is None and film.error is None
    assert sorted(os.path.basename(path) for path in photo.outputs.values()) == [
        'street.png', 'street_legend.png', 'street_softmax.npz', 'street_vertical.jpg']
    assert sorted(os.path.basename(path) for path in film.outputs.values()) == [
        'street_vertical.mp4', 'street_vertical_legend.png']


@pytest.mark.parametrize('names, losers', [
    (['A.png', 'a.jpg'], ['a.jpg']),                       # some file systems ignore case
    (['b.mkv', 'b.mov'], ['b.mov']),
    (['c.jpg', 'c.mp4'], []),
    (['d.jpg', 'd_legend.jpg'], ['d_legend.jpg']),         # d_legend.png is the legend of d.jpg
    (['e.mp4', 'e_overlay.jpg'], ['e_overlay.jpg']),       # e_overlay_legend.png is that of the film
    (['f_legend.jpg', 'g_overlay.jpg'], []),
])
def test_inputs_never_share_outputs(tmp_path, names, losers):
    touch(tmp_path, *names)
    for arguments in [tmp_path], [tmp_path / name for name in names]:
        work = plan(*arguments)
        assert [os.path.basename(item.path) for item in list(work) + work.films if item.error] == losers


def test_owner_of_shared_outputs_is_named(tmp_path):
    touch(tmp_path, 'a.jpg', 'a.png')
    assert f'{tmp_path / "a.jpg"} has the same name' in list(plan(tmp_path))[1].error


def test_shared_outputs_are_found_whichever_shard_has_the_owner(tmp_path):
    touch(tmp_path, 'a.jpg', 'a.png')
    (first,), (second,) = (plan(tmp_path, shard=Shard(i, 2, '')) for i in (0, 1))
    assert first.error is None and 'a.jpg has the same name' in second.error


@pytest.mark.parametrize('spelling', ['{}', '{}/', '{}/../{}', '.'])
def test_results_never_go_into_the_photos_folder(tmp_path, spelling, monkeypatch):
    folder = tmp_path / 'mine'
    path, = touch(folder, 'a.jpg')
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match='--output_dir=.* among the photos or films of .*mine. .*Give another folder'):
        plan(path, output_dir=spelling.format(folder, 'mine'))
    with pytest.raises(UserError, match='--output_dir'):
        plan('a.jpg', output_dir=folder)


def test_results_never_go_into_a_folder_of_photos_further_down(tmp_path):
    touch(tmp_path, 'out/x/x/a.jpg')
    with pytest.raises(UserError, match='--output_dir=.* among the photos or films of .*x'):
        plan(tmp_path / 'out' / 'x', output_dir=tmp_path / 'out')


@LINKS
def test_result_never_replaces_an_input(tmp_path):
    path, = touch(tmp_path / 'out', 'a.png')
    os.symlink(path, str(tmp_path / 'a.png'))
    item, = plan(tmp_path / 'a.png', output_dir=tmp_path / 'out')
    assert 'would replace the photo' in item.error


def test_shards_are_equal_and_complete(tmp_path):
    touch(tmp_path, *[f'{"xyz"[i % 3]}/{i}.jpg' for i in range(11)])
    parts = [paths(plan(tmp_path, shard=Shard(i, 4, ''))) for i in range(4)]
    assert sorted(map(len, parts)) == [2, 3, 3, 3]
    assert sorted(sum(parts, [])) == sorted(paths(plan(tmp_path)))


def test_list_keeps_folders_and_order(tmp_path):
    (tmp_path / 'list.txt').write_text('b/y.jpg\n\n./a.png\n/abs/z.jpg\nfilm.mp4\n')
    work = planned_list(tmp_path / 'list.txt')
    assert work.photos == 3
    assert targets(work, 'out') == ['b/y.png', 'a.png', 'abs/z.png']
    assert [item.path for item in work.films] == ['film.mp4']


def test_listed_paths_that_climb_stay_below_the_results(tmp_path, monkeypatch):
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    (tmp_path / 'list.txt').write_text('../up/a.jpg\n')
    item, = planned_list(tmp_path / 'list.txt')
    assert item.outputs['ids'] == os.path.join('out', str(tmp_path).lstrip(os.sep), 'up', 'a.png')


def test_listed_photos_never_share_outputs(tmp_path):
    (tmp_path / 'list.txt').write_text('x/a.jpg\nx/A.png\ny/a.png\n')
    assert [bool(item.error) for item in planned_list(tmp_path / 'list.txt')] == [False, True, False]


def test_standard_input_is_read_as_it_comes(monkeypatch):
    def lines():
        yield b'a.jpg\n'
        raise AssertionError('read ahead')
    monkeypatch.setattr(sys, 'stdin', type('Stdin', (), {'buffer': lines()}))
    work = planned_list('-')
    assert next(iter(work)).path == 'a.jpg' and work.photos is None


def test_list_is_shared_by_shards(monkeypatch):
    parts = []
    for index in range(2):
        monkeypatch.setattr(sys, 'stdin', type('Stdin', (), {'buffer': io.BytesIO(b'a.jpg\nb.jpg\nc.jpg\n')}))
        parts.append(paths(planned_list('-', Shard(index, 2, ''))))
    assert parts == [['a.jpg', 'c.jpg'], ['b.jpg']]


@pytest.mark.parametrize('content, message', [(None, 'cannot be read'), ('\n', 'lists no photos')])
def test_list_without_photos_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / 'list.txt').write_text(content)
    with pytest.raises(UserError, match=f'--list=.*list.txt {message}'):
        planned_list(tmp_path / 'list.txt')


@pytest.fixture
def done(tmp_path):
    """A photo of time 100, a checkpoint of time 200, and results of time 300; each can be changed."""
    photo, index = touch(tmp_path, 'a.jpg', 'model.ckpt-5.index')
    item, = plan(photo, output_dir=tmp_path / 'out')
    os.makedirs(str(tmp_path / 'out'))
    for path, time in [(photo, 100), (index, 200)] + [(path, 300) for path in item.outputs.values()]:
        with open(path, 'ab'):
            os.utime(path, (time, time))
    return item, str(tmp_path / 'model.ckpt-5')


def is_done(item, checkpoint):
    return done_checker(checkpoint)(item)


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
