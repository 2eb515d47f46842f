"""FCN_infer on films, large folders and large photos, with a thin, untrained net."""
import json
import os

import numpy as np
import pytest
from disks import small_disk
from film_files import ffmpeg, moving_edge, read_film, streams, write_film, write_film_of_unknown_sound
from PIL import Image
from scripts import run_script
from thin_run import inference, write_run

import FCN_infer
from fcn8s.data.classes import generic_classes
from fcn8s.prediction.film_reader import FilmReader
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.visualize import colour_image, overlay, palette


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('logs'))


@pytest.fixture(scope='module')
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp('film') / 'street.mov', moving_edge(6), fps=12, sound='aac')


@pytest.fixture
def infer(logs_dir, tmp_path):
    """Runs FCN_infer into tmp_path/out."""
    return inference(logs_dir, tmp_path / 'out')


@pytest.fixture
def photos(tmp_path):
    """A folder of three photos."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    random = np.random.RandomState(0)
    for i in range(3):
        Image.fromarray(random.randint(0, 256, (40, 50, 3)).astype(np.uint8)).save(str(folder / f'p{i}.png'))
    return str(folder)


def results(tmp_path):
    return sorted(os.listdir(str(tmp_path / 'out')))


def test_film_becomes_its_overlay(infer, logs_dir, film, tmp_path):
    assert infer(film) == 0
    assert results(tmp_path) == ['street_overlay.mp4', 'street_overlay_legend.png']
    frames, fps = read_film(tmp_path / 'out' / 'street_overlay.mp4')
    assert frames.shape == (6, 48, 64, 3) and fps == 12
    assert streams(tmp_path / 'out' / 'street_overlay.mp4') == [('Video', 'h264'), ('Audio', 'aac')]
    colours = palette(generic_classes(5))
    with Segmenter(logs_dir) as segmenter:
        expected = [overlay(frame, segmenter.predict(frame), colours) for frame in FilmReader(film).frames()]
    # the codec blurs this net's noisy ids, but the mean colour of an area stays
    assert np.abs(areas(frames) - areas(np.stack(expected))).max() < 8
    assert np.abs(areas(frames) - areas(np.stack(list(moving_edge(6))))).max() > 30


def areas(frames):
    """[n, H, W, 3] -> the means of 16 x 16 pixels."""
    return frames.reshape(len(frames), 3, 16, 4, 16, 3).mean(axis=(2, 4))


@pytest.mark.parametrize('view, shape', [('horizontal', (48, 128)), ('vertical', (96, 64)), ('colours', (48, 64))])
def test_views_of_a_film(infer, film, tmp_path, view, shape):
    assert infer(film, f'--view={view}') == 0
    frames, _ = read_film(tmp_path / 'out' / f'street_{view}.mp4')
    assert frames.shape[:3] == (6,) + shape
    if view != 'colours':  # the film itself comes first
        source = np.stack(list(FilmReader(film).frames()))
        assert np.abs(frames[:, :48, :64].astype(int) - source).mean() < 5


def test_view_of_a_photo_sets_it_beside_its_overlay(infer, photos, tmp_path):
    assert infer(os.path.join(photos, 'p0.png'), '--view=horizontal') == 0
    assert results(tmp_path) == ['p0.png', 'p0_horizontal.jpg', 'p0_legend.png']
    assert Image.open(str(tmp_path / 'out' / 'p0_horizontal.jpg')).size == (100, 40)


def test_cut_film_is_segmented_up_to_the_cut_and_listed(infer, film, tmp_path, capsys):
    whole = tmp_path / 'whole.mp4'
    random = np.random.RandomState(0)
    noise = (random.randint(0, 256, (48, 64, 3)).astype(np.uint8) for _ in range(20))
    write_film(whole, noise, sound='aac', output_params=['-g', '5'])
    # an MP4 whose index comes last would not open at all: that of a Matroska film is in its parts
    cut = tmp_path / 'cut.mkv'
    assert ffmpeg('-i', str(whole), '-c', 'copy', str(cut))
    data = cut.read_bytes()
    cut.write_bytes(data[:len(data) // 2])
    assert infer(str(cut), film) == 1
    shown = capsys.readouterr().out
    assert f'failed: {cut}: ' in shown and 'frames could be decoded' in shown and '1 of 2 done' in shown
    frames, _ = read_film(tmp_path / 'out' / 'cut_overlay.mp4')
    assert 4 < len(frames) < 16 and 'street_overlay.mp4' in results(tmp_path)


def test_film_with_unusable_sound_is_written_without_it_and_listed(infer, tmp_path, capsys):
    source = write_film_of_unknown_sound(tmp_path / 'a.mkv')
    assert infer(source) == 1
    assert streams(tmp_path / 'out' / 'a_overlay.mp4') == [('Video', 'h264')]
    assert f'failed: {source}: its sound (none) is left out' in capsys.readouterr().out


def test_sound_that_mp4_refuses_is_encoded_anew(infer, tmp_path):
    path = str(tmp_path / 'low.mkv')
    assert ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=64x48:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-ar', '8000', '-c:a',
                  'libmp3lame', path)
    assert infer(path) == 0
    assert streams(tmp_path / 'out' / 'low_overlay.mp4') == [('Video', 'h264'), ('Audio', 'aac')]


def test_file_that_is_no_film_is_listed_and_the_rest_done(infer, photos, film, tmp_path, capsys):
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(b'no film')
    assert infer(photos, str(bad), film) == 1
    assert f'failed: {bad}: no film' in capsys.readouterr().out
    assert {'p2.png', 'street_overlay.mp4'} <= set(results(tmp_path))
    assert not any('bad' in name for name in results(tmp_path))


def test_folder_of_frames_becomes_a_film(infer, photos, tmp_path):
    path = tmp_path / 'walk.mp4'
    assert infer(f'--film={path}', '--fps=5', photos) == 0
    frames, fps = read_film(path)
    assert frames.shape == (3, 40, 50, 3) and fps == 5
    assert not os.path.exists(str(tmp_path / 'out'))


def test_film_of_a_folder_that_is_done_is_skipped_until_a_frame_changes(infer, photos, tmp_path, capsys):
    path = tmp_path / 'walk.mp4'
    assert infer(f'--film={path}', photos) == 0
    with pytest.raises(UserError, match='walk.mp4 exists already'):
        infer(f'--film={path}', photos)
    before = path.read_bytes()
    assert infer(f'--film={path}', '--skip_done', photos) == 0
    assert '1 of them by an earlier run' in capsys.readouterr().out and path.read_bytes() == before
    Image.new('RGB', (50, 40)).save(os.path.join(photos, 'p0.png'))
    later = os.path.getmtime(str(path)) + 1
    os.utime(os.path.join(photos, 'p0.png'), (later, later))
    assert infer(f'--film={path}', '--skip_done', photos) == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize('flags, words', [(('--film=walk.mp4', '--shard=1/2'), '--shard=1/2 is for photos'),
                                          (('--fps=5',), '--fps=5 is for --film')])
def test_flags_without_effect_are_refused_first(flags, words):
    with pytest.raises(UserError, match=words):
        run_script(FCN_infer, *(flags + ('nowhere',)))


def test_color_map_gives_colours_and_names(infer, photos, tmp_path, capsys):
    csv = tmp_path / 'mine.csv'
    rows = ''.join(f'{i},kind {i},{10 + i},{20 + i},{30 + i}\n' for i in range(5))
    csv.write_text('index,name,red,green,blue\n' + rows)
    assert infer(os.path.join(photos, 'p0.png'), f'--color_map={csv}', '--view=colours') == 0
    image = Image.open(str(tmp_path / 'out' / 'p0.png'))
    expected = colour_image(np.array(image), np.array([(10 + i, 20 + i, 30 + i) for i in range(5)], np.uint8))
    np.testing.assert_array_equal(np.array(image.convert('RGB')), expected)
    assert 'classes found: kind' in capsys.readouterr().out


def test_color_map_of_other_classes_is_refused(infer, photos, tmp_path):
    csv = tmp_path / 'mine.csv'
    csv.write_text('index,name,red,green,blue\n0,others,0,0,0\n1,cat,9,9,9\n')
    with pytest.raises(UserError, match='mine.csv lists 2 classes, but the net knows 5'):
        infer(photos, f'--color_map={csv}')


@pytest.mark.parametrize('flag', ['--softmax', '--view=ids'])
def test_flags_for_photos_are_refused_for_films(infer, film, flag):
    with pytest.raises(UserError, match=flag + ' .*of photos; leave it out, or .*street.mov'):
        infer(film, flag)


def test_inputs_with_all_results_are_skipped(infer, photos, tmp_path, capsys):
    infer(photos)
    before = {name: os.stat(str(tmp_path / 'out' / name)).st_mtime_ns for name in results(tmp_path)}
    os.remove(str(tmp_path / 'out' / 'p1_overlay.jpg'))
    assert infer(photos, '--skip_done') == 0
    assert '2 of them by an earlier run' in capsys.readouterr().out
    after = {name: os.stat(str(tmp_path / 'out' / name)).st_mtime_ns for name in results(tmp_path)}
    assert {name for name in after if after[name] != before[name]} == {'p1.png', 'p1_overlay.jpg', 'p1_legend.png'}


def test_results_of_another_photo_with_the_same_name_do_not_count_as_done(infer, photos, capsys):
    Image.new('RGB', (20, 20)).save(os.path.join(photos, 'p0.bmp'))
    assert infer(photos) == 1
    capsys.readouterr()
    assert infer(photos, '--skip_done') == 1
    shown = capsys.readouterr().out
    assert '3 of them by an earlier run' in shown and 'p0.png: ' in shown.split('failed: ')[1]


def test_shard_does_its_part(infer, photos, tmp_path):
    assert infer(photos, '--shard=2/3') == 0
    assert results(tmp_path) == ['manifest-2-of-3.jsonl', 'p1.png', 'p1_legend.png', 'p1_overlay.jpg']


def test_shard_comes_from_a_slurm_array(infer, photos, tmp_path, monkeypatch, capsys):
    for name, value in ('ID', 7), ('MIN', 6), ('COUNT', 3):
        monkeypatch.setenv(f'SLURM_ARRAY_TASK_{name}', str(value))
    assert infer(photos, '--view=ids') == 0
    assert results(tmp_path) == ['manifest-2-of-3.jsonl', 'p1.png']
    assert 'shard 2/3 (SLURM array task 7)' in capsys.readouterr().out.splitlines()[0]


def test_list_names_the_photos(infer, photos, tmp_path):
    (tmp_path / 'list.txt').write_text(f'{photos}/p2.png\n{photos}/p0.png\n')
    assert infer(f'--list={tmp_path / "list.txt"}', '--view=ids') == 0
    assert sorted(os.listdir(str(tmp_path / 'out') + photos)) == ['p0.png', 'p2.png']


def test_list_excludes_photos_on_the_command_line(infer, photos):
    with pytest.raises(UserError, match='--list=x.txt: leave it out, or '):
        infer(photos, '--list=x.txt')


def test_manifest_has_a_line_for_each_photo_and_failure(infer, photos, tmp_path):
    with open(os.path.join(photos, 'p1.png'), 'wb') as file:
        file.write(b'no photo')
    assert infer(photos, '--manifest') == 1
    lines = [json.loads(line) for line in (tmp_path / 'out' / 'manifest-1-of-1.jsonl').read_text().splitlines()]
    lines.sort(key=lambda line: line['photo'])  # two threads write, so the order of neighbours may differ
    assert [sorted(line) for line in lines] == [['classes', 'photo', 'seconds'], ['error', 'photo'],
                                                ['classes', 'photo', 'seconds']]
    assert sum(lines[0]['classes'].values()) == pytest.approx(1, abs=1e-5)


def test_summary_of_shards_names_failures_and_segments_nothing(infer, photos, tmp_path, capsys):
    with open(os.path.join(photos, 'p1.png'), 'wb') as file:
        file.write(b'no photo')
    for shard in ('1/2', '2/2'):
        infer(photos, '--shard=' + shard)
    before = results(tmp_path)
    capsys.readouterr()
    assert infer('--summary') == 1
    assert capsys.readouterr().out.startswith('2 photos and 0 films in 2 manifests')
    assert sorted(set(results(tmp_path)) - set(before)) == ['failed.txt', 'summary.json']


def test_shard_that_gets_nothing_says_so(infer, photos, capsys):
    assert infer(photos, '--shard=4/4') == 0
    assert '0 of 0 done (no photo)' in capsys.readouterr().out


def test_tiled_photo_keeps_its_size(infer, tmp_path):
    Image.new('RGB', (301, 203)).save(str(tmp_path / 'large.jpg'))
    assert infer('--tile=128', '--tile_margin=32', str(tmp_path / 'large.jpg')) == 0
    assert Image.open(str(tmp_path / 'out' / 'large.png')).size == (301, 203)


def test_film_that_does_not_fit_on_the_disk_is_listed_and_leaves_nothing(logs_dir, tmp_path, capsys):
    random = np.random.RandomState(0)
    noise = (random.randint(0, 256, (120, 160, 3)).astype(np.uint8) for _ in range(12))
    source = write_film(tmp_path / 'noise.mp4', noise)
    with small_disk(tmp_path / 'disk', 1) as disk:
        with open(os.path.join(disk, 'filler'), 'wb') as file:
            file.write(bytes(1040000))  # of 1,048,576: room for no film
        assert run_script(FCN_infer, f'--logs_dir={logs_dir}', f'--output_dir={disk}', '--view=horizontal', source) == 1
        assert os.listdir(disk) == ['filler']
    assert 'noise_horizontal.mp4 cannot be written: ' in capsys.readouterr().out
