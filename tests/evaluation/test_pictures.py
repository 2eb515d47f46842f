"""What FCN_test writes beside its scores: pictures, the benchmark's files, the report."""
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from scripts import run_script, write_data_set
from thin_run import write_run

import FCN_infer
import FCN_test
from fcn8s.data.classes import find_classes
from fcn8s.data.photos import read_photo
from fcn8s.evaluation.pictures import parse_kinds
from fcn8s.prediction.scales import mean_softmax, most_likely_class
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.visualize import overlay, palette


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
    return write_data_set(tmp_path_factory.mktemp('data') / 'data', training=1)


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory):
    """A run of a thin net at its start: its predictions are of every class, and wrong."""
    return write_run(tmp_path_factory.mktemp('run'), num_classes=3)


@pytest.fixture
def test_photos(data_dir, run_dir, tmp_path):
    """Runs FCN_test on the two photos p0 and p1; its results are in the folder that it returns."""
    def run(*arguments):
        logs_dir = str(tmp_path / 'logs')
        assert run_script(FCN_test, f'--logs_dir={logs_dir}', f'--checkpoint={run_dir}', f'--data_dir={data_dir}',
                          *arguments) == 0
        return os.path.join(logs_dir, 'test')
    return run


def photo_path(data_dir, name):
    return os.path.join(data_dir, 'images', 'validation', name)


def opened(*path):
    with Image.open(os.path.join(*path)) as image:
        image.load()
    return image


def test_nothing_but_scores_is_written_unasked(test_photos):
    assert os.listdir(test_photos()) == ['scores.json']


def test_each_kind_has_its_folder_and_the_stems(test_photos):
    folder = test_photos('--save=colour,overlay,side_by_side,submission')
    assert sorted(os.listdir(folder)) == ['colour', 'overlay', 'scores.json', 'side_by_side', 'submission']
    for kind in ('colour', 'overlay', 'side_by_side', 'submission'):
        assert sorted(os.listdir(os.path.join(folder, kind))) == ['p0.png', 'p1.png']


def test_colour_and_overlay_are_those_of_the_prediction(test_photos, data_dir, run_dir):
    folder = test_photos('--save=colour,overlay')
    photo = read_photo(photo_path(data_dir, 'p1.png'))
    with Segmenter(run_dir) as segmenter:
        ids = segmenter.predict(photo)
    assert len(np.unique(ids)) > 1
    np.testing.assert_array_equal(np.array(opened(folder, 'colour', 'p1.png')), ids)  # a palette image's values
    expected = overlay(photo, ids, palette(find_classes(data_dir)))
    np.testing.assert_array_equal(np.array(opened(folder, 'overlay', 'p1.png')), expected)


def test_submission_is_grey_of_the_photos_size_and_without_class_0(test_photos, data_dir, run_dir):
    folder = test_photos('--save=submission,colour')
    image = opened(folder, 'submission', 'p0.png')
    photo = read_photo(photo_path(data_dir, 'p0.png'))
    assert image.mode == 'L' and image.size == (52, 40)
    with Segmenter(run_dir, with_class_0=False) as segmenter:
        expected = segmenter.predict(photo)
    assert (np.array(image) == expected).mean() > 0.999  # the softmax may round two scores to one
    assert (np.array(opened(folder, 'colour', 'p0.png')) == 0).any() and expected.min() > 0


def test_inference_writes_the_same_submission_without_annotations(test_photos, data_dir, run_dir, tmp_path):
    folder = os.path.join(test_photos('--save=submission', '--scales=0.5,1', '--flip'), 'submission')
    output = str(tmp_path / 'output')
    assert run_script(FCN_infer, f'--logs_dir={run_dir}', f'--output_dir={output}', '--view=ids', '--scales=0.5,1',
                      '--flip', '--nopredict_class_0', os.path.join(data_dir, 'images', 'validation')) == 0
    assert sorted(os.listdir(output)) == sorted(os.listdir(folder)) == ['p0.png', 'p1.png']
    for name in os.listdir(output):
        assert opened(output, name).mode == 'L'
        np.testing.assert_array_equal(np.array(opened(output, name)), np.array(opened(folder, name)))


def test_submission_leaves_the_scores_as_they_are(test_photos):
    plain, with_submission = (scores_in(test_photos(*flags)) for flags in ((), ('--save=submission',)))
    assert with_submission == plain


def scores_in(folder):
    with open(os.path.join(folder, 'scores.json')) as file:
        return json.load(file)


def test_scales_and_flip_score_the_averaged_prediction(test_photos, data_dir, run_dir):
    folder = test_photos('--scales=0.5,1,1.5', '--flip', '--test_num=1', '--save=colour')
    truth = np.array(opened(data_dir, 'annotations', 'validation', 'p0.png'))
    image = np.array(Image.fromarray(read_photo(photo_path(data_dir, 'p0.png'))).resize((64, 64), Image.BILINEAR))
    with Segmenter(run_dir) as segmenter:
        averaged = most_likely_class(mean_softmax(segmenter.softmax_batch, image, (0.5, 1., 1.5), True))
        example = segmenter.predict_batch(image[None])[0]
    ids = np.array(Image.fromarray(averaged).resize((52, 40), Image.NEAREST))
    assert (averaged != example).any()
    np.testing.assert_array_equal(np.array(opened(folder, 'colour', 'p0.png')), ids)
    accuracy = (ids == truth)[truth > 0].mean()
    assert scores_in(folder)['scene_parsing']['pixel_accuracy'] == pytest.approx(accuracy)
    assert scores_in(folder)['predictions']['scales'] == '0.5,1,1.5'


def test_photo_is_seen_in_tiles_and_named_where_its_probabilities_find_no_memory(test_photos, monkeypatch):
    sizes, run = [], Segmenter._run

    def seen(segmenter, fetch, images):
        sizes.append(images.shape[1:3])
        return run(segmenter, fetch, images)

    monkeypatch.setattr(Segmenter, '_run', seen)
    test_photos('--tile=32', '--tile_margin=0', '--test_num=1')
    test_photos('--tile=32', '--tile_margin=0', '--test_num=1', '--scales=1,2')
    assert set(sizes) == {(32, 32)} and len(sizes) == 4 + 4 + 16  # 40x52 pixels are 64x64 for the net
    monkeypatch.setattr(np, 'zeros', no_memory)
    with pytest.raises(UserError, match='p0.png: memory ran out on its probabilities.*--scales'):
        test_photos('--scales=1,2')


def no_memory(*_):
    raise MemoryError


def test_report_says_how_it_was_made(test_photos, data_dir, run_dir):
    folder = test_photos('--report', '--test_num=2')
    with open(os.path.join(folder, 'report.html'), encoding='utf-8') as file:
        html = file.read()
    for text in ('--report --test_num=2', os.path.join(run_dir, 'model.ckpt-0'), data_dir, '2 photos, 0 of them',
                 'TensorFlow', 'numpy ' + np.__version__, 'fcn8s, width 0.0625, 3 classes', 'p0.png', 'p1.png'):
        assert text in html, text
    score = scores_in(folder)['scene_parsing']['final_score']
    assert f'{score:.4f}' in html


def test_list_says_which_photos_are_tested(test_photos, data_dir, run_dir, tmp_path):
    (tmp_path / 'list.txt').write_text('training/p0.png\n')
    folder = test_photos(f'--list={tmp_path / "list.txt"}', '--save=colour')
    with Segmenter(run_dir) as segmenter:
        listed, other = (segmenter.predict(read_photo(os.path.join(data_dir, 'images', split, 'p0.png')))
                         for split in ('training', 'validation'))
    assert scores_in(folder)['images'] == 1 and (listed != other).any()
    np.testing.assert_array_equal(np.array(opened(folder, 'colour', 'p0.png')), listed)


def test_list_needs_no_whole_split_and_is_tested_to_its_end(test_photos, tmp_path, monkeypatch):
    data_dir = write_data_set(tmp_path / 'mine', training=3, validation=0)
    for kind, name in (('images', 'alone.png'), ('annotations', 'other.png')):
        Image.new('L', (8, 8)).save(os.path.join(data_dir, kind, 'training', name))
    (tmp_path / 'list.txt').write_text('training/p2.png\ntraining/p0.png\ntraining/p1.png\n')
    monkeypatch.setattr(FCN_test.FLAGS['test_num'], 'value', 2)  # the default; of a list it is none
    flags = (f'--data_dir={data_dir}', f'--list={tmp_path / "list.txt"}')
    assert scores_in(test_photos(*flags))['images'] == 3
    assert scores_in(test_photos(*(flags + ('--test_num=1',))))['images'] == 1


def test_photos_of_one_name_are_not_saved_over_each_other(test_photos, tmp_path):
    (tmp_path / 'list.txt').write_text('training/p0.png\nvalidation/p0.png\n')
    with pytest.raises(UserError, match=r'training.p0\.png and .*validation.p0\.png have the same name'):
        test_photos(f'--list={tmp_path / "list.txt"}', '--save=colour')
    assert scores_in(test_photos(f'--list={tmp_path / "list.txt"}'))['images'] == 2


@pytest.mark.parametrize('checkpoint', ['{}', '{}/best', '{}/model.ckpt-0'])
def test_scores_of_another_runs_checkpoint_stand_in_that_run(data_dir, run_dir, tmp_path, monkeypatch, checkpoint):
    run_copy = str(tmp_path / 'elsewhere')
    shutil.copytree(run_dir, run_copy)
    shutil.copytree(run_dir, os.path.join(run_copy, 'best'), ignore=lambda *_: ['config.json'])
    monkeypatch.chdir(tmp_path)
    run_script(FCN_test, f'--checkpoint={checkpoint.format("elsewhere")}', f'--data_dir={data_dir}')
    assert scores_in(os.path.join(run_copy, 'test'))['images'] == 2 and not os.path.exists('logs')


def test_pictures_of_an_earlier_test_are_told(test_photos, capsys):
    folder = test_photos('--save=colour,side_by_side', '--save_good', '--good_mean_iu=0', '--good_accuracy=0')
    assert 'note: ' not in capsys.readouterr().out
    test_photos('--save=colour', '--test_num=1', '--save_good', '--good_mean_iu=1')
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith('note: ')]
    assert told == [f'note: {count} of the files in {os.path.join(folder, kind)}, such as {name}, were not written '
                    'by this test'
                    for count, kind, name in ((1, 'colour', 'p1.png'), (2, 'good', 'p0.png'))]


def test_submission_is_not_started_beside_files_of_other_photos(test_photos):
    folder = os.path.join(test_photos('--save=submission'), 'submission')
    test_photos('--save=submission')  # of the same photos: they are replaced
    Image.new('L', (3, 3)).save(os.path.join(folder, 'old.png'))
    before = os.stat(os.path.join(folder, 'p0.png')).st_mtime_ns
    with pytest.raises(UserError, match='holds 1 files that belong to no photo of this test, such as old.png'):
        test_photos('--save=submission')
    assert os.stat(os.path.join(folder, 'p0.png')).st_mtime_ns == before


@pytest.mark.parametrize('flag, message', [
    ('--save=colour,films', "'films'.*colour, overlay, side_by_side, submission"), ('--scales=2,x', '0.5,0.75,1')])
def test_wrong_value_is_said_before_a_net_is_looked_for(flag, message, tmp_path):
    with pytest.raises(UserError, match=message):
        run_script(FCN_test, flag, f'--logs_dir={tmp_path}')


def test_kinds_are_words_between_commas():
    assert parse_kinds('colour, overlay') == ['colour', 'overlay'] and parse_kinds('') == []
