"""The three scripts on a small data set, one after the other, as somebody uses them."""
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from project import PROJECT
from scripts import run_script, write_data_set

import FCN_infer
import FCN_test
import FCN_train
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf

THIN = ('--width=0.0625', '--pretrained=none', '--learning_rate=1e-3', '--validation_num=0')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A folder with a data set and the logs of 60 steps on it."""
    folder = tmp_path_factory.mktemp('trained')
    data_dir, logs_dir = write_data_set(folder / 'data'), str(folder / 'logs')
    code = run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', '--max_steps=60',
                      '--save_every=25', '--validate_every=30', *THIN)
    assert code == 0
    return data_dir, logs_dir


def steps_in(logs_dir):
    return sorted(int(name[len('model.ckpt-'):-len('.index')]) for name in os.listdir(logs_dir) if '.index' in name)


def weights(prefix, name='inference/W8'):
    return tf.train.load_checkpoint(prefix).get_tensor(name)


def validation_rows(logs_dir):
    with open(os.path.join(logs_dir, 'validation.csv')) as file:
        return list(csv.DictReader(file))


def events(logs_dir, part):
    folder = os.path.join(str(logs_dir), part)
    return [event for name in os.listdir(folder) for event in tf.train.summary_iterator(os.path.join(folder, name))]


def test_training_saves_at_its_intervals_and_at_the_end(trained):
    assert steps_in(trained[1]) == [25, 50, 60]


def test_training_validates_at_its_intervals(trained):
    assert [int(row['step']) for row in validation_rows(trained[1])] == [30, 60]


def test_training_learns_left_from_right(trained):
    # half of the pixels are of each class: knowing nothing gives an accuracy of a half and a mean IU of a quarter
    assert float(validation_rows(trained[1])[-1]['mean_iu']) > 0.8


def test_best_checkpoint_is_that_of_the_highest_mean_iu(trained):
    rows = validation_rows(trained[1])
    best = max(rows, key=lambda row: float(row['mean_iu']))['step']
    assert f'model.ckpt-{best}.index' in os.listdir(os.path.join(trained[1], 'best'))


def test_tensorboard_has_the_scalars_of_both_parts(trained):
    tags = {}
    for part in ('train', 'validation'):
        tags[part] = {(value.tag, event.step) for event in events(trained[1], part) for value in event.summary.value}
    assert {('loss', 0), ('pixel_accuracy', 50), ('classes_predicted', 50)} <= tags['train']
    rates = {value.simple_value for event in events(trained[1], 'train') for value in event.summary.value
             if value.tag in ('encoder_rate', 'decoder_rate')}
    assert rates == {np.float32(1e-3)}
    assert {('loss', 30), ('mean_iu', 60), ('pixel_accuracy', 60)} <= tags['validation']


def test_curves_are_kept_and_drawn(trained):
    with open(os.path.join(trained[1], 'training.csv')) as file:
        assert [int(row['step']) for row in csv.DictReader(file)] == [0, 10, 20, 30, 40, 50]
    assert Image.open(os.path.join(trained[1], 'curves.png')).size == (1500, 420)


def test_tensorboard_shows_photo_prediction_and_truth(trained):
    images = [value.image for event in events(trained[1], 'validation') for value in event.summary.value
              if value.tag == 'photo_prediction_truth/0']
    assert len(images) == 2  # one of each validation
    picture = Image.open(io.BytesIO(images[-1].encoded_image_string))
    assert picture.size == (images[-1].width, images[-1].height) and picture.size[0] > 3 * 64


def test_resumed_training_ends_where_uninterrupted_training_does(tmp_path):
    data_dir = write_data_set(tmp_path / 'data', training=3)
    for logs, stops in (('whole', [7]), ('parts', [3, 7])):
        for stop in stops:
            run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / logs}', f'--max_steps={stop}',
                       '--validate_every=100', *THIN)
    whole, parts = (weights(str(tmp_path / logs / 'model.ckpt-7')) for logs in ('whole', 'parts'))
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-6)
    assert np.abs(whole - weights(str(tmp_path / 'parts' / 'model.ckpt-3'))).max() > 1e-4  # the steps did something


def test_augmentation_schedule_weights_and_sgd_train(tmp_path):
    """The recipe of semantic-segmentation-pytorch, on its smallest net."""
    data_dir = write_data_set(tmp_path / 'data')
    code = run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--max_steps=4',
                      '--net=resnet34_dilated16_c1', '--optimizer=sgd', '--lr_encoder=1e-3', '--lr_decoder=1e-2',
                      '--lr_schedule=poly:0.9', '--weight_decay=1e-4', '--random_scale=0.5,1.5', '--random_crop=32x64',
                      '--flip=0.5', '--class_weights=median_frequency', '--fix_bn', *THIN)
    assert code == 0
    run_script(FCN_test, f'--logs_dir={tmp_path / "logs"}')  # rebuilt from config.json, without a flag of the net


def test_augmentation_is_shown_without_training(tmp_path):
    data_dir, sheet = write_data_set(tmp_path / 'data'), str(tmp_path / 'sheet.png')
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--flip=1',
               f'--preview_augmentation={sheet}', *THIN)
    assert Image.open(sheet).mode == 'RGB' and not os.path.exists(str(tmp_path / 'logs'))


def test_list_chooses_the_photos(tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data')
    (tmp_path / 'two.txt').write_text('training/p1.png\ntraining/p3.png\n')
    run_script(FCN_train, f'--data_dir={data_dir}', f'--list={tmp_path / "two.txt"}', f'--logs_dir={tmp_path / "logs"}',
               '--max_steps=1', *THIN)
    assert '2 training photos' in capsys.readouterr().out  # of four


def test_debug_writes_histograms_and_sparsity(tmp_path):
    data_dir = write_data_set(tmp_path / 'data')
    logs_dir = str(tmp_path / 'logs')
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', '--max_steps=1', '--debug', *THIN)
    tags = {value.tag for event in events(logs_dir, 'train') for value in event.summary.value}
    assert {'conv1_1/activation', 'fc6/sparsity', 'inference/W8/gradient'} <= tags


def test_another_net_does_not_continue_the_run(trained):
    with pytest.raises(UserError, match='width'):
        run_script(FCN_train, f'--data_dir={trained[0]}', f'--logs_dir={trained[1]}', '--width=0.125')


def test_label_out_of_range_is_named_with_its_file(tmp_path):
    data_dir = write_data_set(tmp_path / 'data')
    bad = os.path.join(data_dir, 'annotations', 'training', 'p2.png')
    ids = np.array(Image.open(bad))
    ids[5, 5] = 200
    Image.fromarray(ids).save(bad)
    with pytest.raises(UserError, match='p2.png.*200.*--num_classes'):
        run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--max_steps=9', *THIN)


def test_loss_that_is_not_finite_stops_and_names_the_batch(tmp_path):
    data_dir = write_data_set(tmp_path / 'data')
    common = (f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}') + THIN
    with pytest.raises(UserError, match=r'not finite at step \d+.*p\d.png, .*p\d.png'):
        run_script(FCN_train, *(common + ('--learning_rate=1e18', '--max_steps=50', '--save_every=1')))
    saved = str(tmp_path / 'logs' / f'model.ckpt-{steps_in(str(tmp_path / "logs"))[-1]}')
    assert np.isfinite(weights(saved)).all()


def test_init_from_takes_what_fits_and_starts_at_step_0(trained, tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data')
    with open(os.path.join(data_dir, 'classes.csv'), 'a') as file:
        file.write('3,middle,9,9,9\n')
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', f'--init_from={trained[1]}',
               '--max_steps=1', *(THIN + ('--learning_rate=0',)))
    shown = capsys.readouterr().out
    assert 'skipped    inference/W8: shape [1, 1, 256, 3], the net needs [1, 1, 256, 4]' in shown
    old, new = (weights(os.path.join(str(folder), name), 'inference/W7')
                for folder, name in ((trained[1], 'model.ckpt-60'), (tmp_path / 'logs', 'model.ckpt-1')))
    np.testing.assert_array_equal(old, new)


def test_signal_saves_and_leaves_with_its_code(tmp_path):
    data_dir = write_data_set(tmp_path / 'data')
    command = [sys.executable, 'FCN_train.py', f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}'] + list(THIN)
    process = subprocess.Popen(command + ['--save_every=5'], cwd=PROJECT, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, universal_newlines=True)
    while not os.path.exists(str(tmp_path / 'logs' / 'model.ckpt-5.index')):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert f'stopped at step {steps_in(str(tmp_path / "logs"))[-1]}' in shown


def test_scores_are_written_by_both_definitions(trained, capsys):
    assert run_script(FCN_test, f'--logs_dir={trained[1]}') == 0
    with open(os.path.join(trained[1], 'test', 'scores.json')) as file:
        scores = json.load(file)
    assert set(scores['per_image_mean']) == {'pixel_accuracy', 'mean_accuracy', 'mean_iu', 'frequency_weighted_iu'}
    assert set(scores['scene_parsing']) == {'pixel_accuracy', 'mean_iou', 'mean_iou_present', 'final_score'}
    assert scores['images'] == 2 and scores['checkpoint'].endswith('model.ckpt-60')
    assert [row['name'] for row in scores['per_class']] == ['others', 'left', 'right']
    shown = capsys.readouterr().out
    assert 'per-image mean (FCN-tensorflow-ADE20k)' in shown and 'SceneParse150' in shown


def test_scores_agree_with_those_of_the_inferred_pictures(trained, tmp_path):
    """FCN_infer's PNGs, scored here by plain numpy, give the benchmark's score that FCN_test prints."""
    run_script(FCN_test, f'--logs_dir={trained[1]}', '--test_num=0')
    images = os.path.join(trained[0], 'images', 'validation')
    run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path}', images)
    right = labelled = 0
    for name in os.listdir(images):
        ids = np.array(Image.open(str(tmp_path / name)))
        truth = np.array(Image.open(os.path.join(trained[0], 'annotations', 'validation', name)))
        right += np.sum((ids == truth) & (truth > 0))
        labelled += np.sum(truth > 0)
    with open(os.path.join(trained[1], 'test', 'scores.json')) as file:
        assert json.load(file)['scene_parsing']['pixel_accuracy'] == pytest.approx(right / labelled)


def test_photos_without_labels_are_left_out_of_the_mean_and_counted(trained, tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data')
    path = os.path.join(data_dir, 'annotations', 'validation', 'p1.png')
    Image.new('L', Image.open(path).size).save(path)
    run_script(FCN_test, f'--logs_dir={trained[1]}', f'--data_dir={data_dir}')
    shown = capsys.readouterr().out
    assert 'per-image mean (FCN-tensorflow-ADE20k), left out as unlabelled: 1\n' in shown
    assert shown.count('left out as unlabelled') == 1  # the other definitions sum over pixels


def test_test_num_limits_the_photos(trained):
    run_script(FCN_test, f'--logs_dir={trained[1]}', '--test_num=1')
    with open(os.path.join(trained[1], 'test', 'scores.json')) as file:
        assert json.load(file)['images'] == 1


def test_good_predictions_are_saved_as_three_pictures(trained):
    run_script(FCN_test, f'--logs_dir={trained[1]}', '--save_good', '--good_mean_iu=0.1', '--good_accuracy=0.1')
    good = os.path.join(trained[1], 'test', 'good')
    assert sorted(os.listdir(good)) == ['p0.png', 'p1.png']
    assert Image.open(os.path.join(good, 'p0.png')).size[0] > 3 * 64  # three pictures of 64 pixels and gaps


def test_without_checkpoint_testing_and_inference_stop(tmp_path):
    Image.new('RGB', (8, 8)).save(str(tmp_path / 'a.png'))
    for script, more in ((FCN_test, ()), (FCN_infer, (str(tmp_path / 'a.png'), f'--output_dir={tmp_path / "out"}'))):
        with pytest.raises(UserError, match='python FCN_train.py'):
            run_script(script, f'--logs_dir={tmp_path / "logs"}', *more)


def test_inference_keeps_names_and_sizes(trained, tmp_path):
    (tmp_path / 'a' / 'b').mkdir(parents=True)
    photo = tmp_path / 'a' / 'b' / 'my street.JPG'
    Image.new('RGB', (75, 41), (180, 60, 60)).save(str(photo), 'JPEG')
    code = run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path / "out"}', str(photo))
    assert code == 0
    results = ['my street.png', 'my street_legend.png', 'my street_overlay.jpg']
    assert sorted(os.listdir(str(tmp_path / 'out'))) == results
    ids = Image.open(str(tmp_path / 'out' / 'my street.png'))
    assert ids.mode == 'P' and ids.size == (75, 41) and set(np.array(ids).ravel()) <= {0, 1, 2}
    assert Image.open(str(tmp_path / 'out' / 'my street_overlay.jpg')).size == (75, 41)


def test_class_0_is_left_out_on_request(trained, tmp_path):
    images = os.path.join(trained[0], 'images', 'validation')
    run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path}', '--nopredict_class_0', images)
    assert set(np.array(Image.open(str(tmp_path / 'p0.png'))).ravel()) <= {1, 2}


def test_unreadable_photo_is_listed_and_the_rest_done(trained, tmp_path, capsys):
    folder = tmp_path / 'photos'
    folder.mkdir()
    (folder / 'broken.jpg').write_bytes(b'no picture')
    Image.new('RGB', (40, 40)).save(str(folder / 'good.png'))
    code = run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path / "out"}', str(folder))
    assert code == 1
    assert 'good.png' in os.listdir(str(tmp_path / 'out'))
    assert 'failed: ' + str(folder / 'broken.jpg') in capsys.readouterr().out


def test_mask_beside_the_photo_is_never_replaced_by_its_result(trained, tmp_path):
    Image.new('RGB', (40, 40), (1, 2, 3)).save(str(tmp_path / 'street.jpg'))
    (tmp_path / 'street.png').write_bytes(b'mine')
    with pytest.raises(UserError, match='among the photos'):
        run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path}', str(tmp_path / 'street.jpg'))
    assert (tmp_path / 'street.png').read_bytes() == b'mine' and len(os.listdir(str(tmp_path))) == 2


def test_second_photo_of_one_name_does_not_replace_the_first(trained, tmp_path, capsys):
    for extension, colour in (('.png', (200, 60, 60)), ('.bmp', (60, 60, 200))):
        Image.new('RGB', (40, 40), colour).save(str(tmp_path / ('a' + extension)))
    code = run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path / "out"}', str(tmp_path))
    assert code == 1
    assert 'a.png: ' in capsys.readouterr().out.split('failed: ')[1]


def test_max_side_bounds_what_the_net_sees_not_the_result(trained, tmp_path):
    Image.new('RGB', (300, 200)).save(str(tmp_path / 'large.jpg'))
    run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--output_dir={tmp_path / "out"}', '--max_side=64',
               str(tmp_path / 'large.jpg'))
    assert Image.open(str(tmp_path / 'out' / 'large.png')).size == (300, 200)


def test_empty_infer_folder_says_where_to_put_photos(trained, tmp_path):
    with pytest.raises(UserError, match=str(tmp_path) + '.*Put some there'):
        run_script(FCN_infer, f'--logs_dir={trained[1]}', f'--infer_dir={tmp_path}')
