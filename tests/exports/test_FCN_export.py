"""An export predicts what the net predicts, wherever it is loaded."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from disks import content, small_disk
from scripts import run_script
from thin_run import write_run

import FCN_export
from fcn8s.exports import graph
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.tf1 import tf
from TensorflowUtils import create_session

PHOTOS = np.random.RandomState(3).randint(0, 256, (2, 70, 101, 3)).astype(np.uint8)  # resized for the net
AGREED = 0.999  # layers computed in other forms may break ties differently
LOADED_BY_TENSORFLOW_2 = '''
import sys
import numpy as np
import tensorflow as tf
folder, photos, out = sys.argv[1:]
signature = tf.saved_model.load(folder).signatures['probabilities']
np.save(out, signature(images=tf.constant(np.load(photos)))['probabilities'].numpy())
'''


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('run'))


def export(logs_dir, folder, *arguments):
    assert run_script(FCN_export, f'--logs_dir={logs_dir}', f'--export_dir={folder}', *arguments) == 0
    return str(folder)


def exported(folder, form):
    """(ids, probabilities) of PHOTOS by the export."""
    with tf.Graph().as_default() as graph, create_session(graph) as session:
        if form == 'saved_model':
            tf.saved_model.loader.load(session, ['serve'], folder)
        else:
            definition = tf.GraphDef()
            with open(os.path.join(folder, 'frozen.pb'), 'rb') as file:
                definition.ParseFromString(file.read())
            tf.import_graph_def(definition, name='')
        return session.run(['ids:0', 'probabilities:0'], {'images:0': PHOTOS})


def by_segmenter(logs_dir, **options):
    """(ids, probabilities) of PHOTOS by the net itself."""
    with Segmenter(logs_dir, precision='float32', **options) as segmenter:
        return segmenter.predict(PHOTOS), segmenter.predict(PHOTOS, argmax=False)


@pytest.mark.parametrize('form', ['saved_model', 'frozen_graph'])
def test_export_predicts_what_the_net_does(logs_dir, tmp_path, form):
    ids, softmax = exported(export(logs_dir, tmp_path / 'out', '--format=' + form), form)
    expected_ids, expected_softmax = by_segmenter(logs_dir)
    assert len(np.unique(expected_ids)) > 1
    assert ids.dtype == np.uint8 and (ids == expected_ids).mean() > AGREED
    np.testing.assert_allclose(softmax, expected_softmax, atol=1e-3)


def test_export_of_a_dilated_net_without_class_0(tmp_path):
    logs_dir = write_run(tmp_path / 'logs', net='resnet34_dilated16_psp')
    ids, softmax = exported(export(logs_dir, tmp_path / 'out', '--nopredict_class_0'), 'saved_model')
    expected_ids, expected_softmax = by_segmenter(logs_dir, with_class_0=False)
    assert ids.min() > 0 and (ids == expected_ids).mean() > AGREED
    np.testing.assert_allclose(softmax, expected_softmax, atol=1e-3)


@pytest.mark.skipif(tf.version.VERSION.startswith('1.'), reason='TensorFlow 1.15 has no signatures to call')
def test_export_is_called_from_tensorflow_2(logs_dir, tmp_path):
    folder, photos, out = export(logs_dir, tmp_path / 'out'), str(tmp_path / 'photos.npy'), str(tmp_path / 'out.npy')
    np.save(photos, PHOTOS)
    subprocess.run([sys.executable, '-c', LOADED_BY_TENSORFLOW_2, folder, photos, out], check=True,
                   stderr=subprocess.PIPE)
    np.testing.assert_allclose(np.load(out), by_segmenter(logs_dir)[1], atol=1e-3)


def test_export_json_says_how_to_call_it_and_names_the_classes(logs_dir, tmp_path):
    with open(os.path.join(export(logs_dir, tmp_path / 'out'), 'export.json')) as file:
        described = json.load(file)
    assert (described['input'], described['outputs']) == ('images:0', ['ids:0', 'probabilities:0'])
    assert described['signatures'] == {'serving_default': 'ids', 'probabilities': 'probabilities'}
    assert described['classes'][3] == {'index': 3, 'name': 'class 3', 'colour': [128, 128, 0]}  # PASCAL VOC's third


def test_exported_graph_uses_plain_convolutions(logs_dir, tmp_path):
    folder = export(logs_dir, tmp_path / 'out', '--format=frozen_graph')
    definition = tf.GraphDef()
    with open(os.path.join(folder, 'frozen.pb'), 'rb') as file:
        definition.ParseFromString(file.read())
    kinds = [node.op for node in definition.node]
    # VGG16's 13, fc6, fc7 and score_fr; three upsamplings; no variables, dropout or optimizer
    assert kinds.count('Conv2D') == 16 and kinds.count('Conv2DBackpropInput') == 3
    assert not [kind for kind in kinds if 'Variable' in kind or 'Random' in kind or 'Adam' in kind]


def test_format_without_the_precision_names_those_with_it(logs_dir, tmp_path):
    with pytest.raises(UsageError, match='onnx has float32 alone. Try --format=openvino or tflite'):
        export(logs_dir, tmp_path / 'out', '--format=onnx', '--precision=float16')


def test_export_never_writes_into_a_folder_with_files(logs_dir, tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    before = content(tmp_path)
    with pytest.raises(UserError, match='exists already and was not changed'):
        export(logs_dir, tmp_path)
    assert content(tmp_path) == before


def test_export_with_shifted_ids_is_refused(logs_dir, tmp_path, monkeypatch):
    resize = graph.resize_nearest
    monkeypatch.setattr(graph, 'resize_nearest', lambda ids, height, width: tf.roll(
        resize(ids, height, width), tf.cast(height % 32 > 0, tf.int32), 1))  # wrong only for photos that are resized
    with pytest.raises(UserError, match='photos of 75x130 .* of 19500 ids are wrong'):
        export(logs_dir, tmp_path / 'out')


@pytest.mark.parametrize('form', ['saved_model', 'frozen_graph'])
def test_export_that_predicts_something_else_is_not_kept(logs_dir, tmp_path, form, monkeypatch):
    def not_restored(session, variables, *arrays):
        session.run(tf.global_variables_initializer())
    monkeypatch.setattr(graph, 'load_arrays', not_restored)
    with pytest.raises(UserError, match='does not predict what the net predicts.*Nothing was kept'):
        export(logs_dir, tmp_path / 'out', '--format=' + form)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('form', ['saved_model', 'frozen_graph'])
def test_full_disk_is_reported_and_nothing_kept(logs_dir, tmp_path, form):
    with small_disk(tmp_path / 'disk', 1) as disk:
        with pytest.raises(UserError, match='out cannot be written: '):
            export(logs_dir, os.path.join(disk, 'out'), '--format=' + form)
        assert os.listdir(disk) == []


def test_export_without_a_checkpoint_says_what_to_run(tmp_path):
    (tmp_path / 'logs').mkdir()
    with pytest.raises(UserError, match='no checkpoint in .*python FCN_train.py'):
        export(tmp_path / 'logs', tmp_path / 'out')
