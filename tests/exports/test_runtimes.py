"""Exports for other runtimes predict what the net predicts, say what they are, and serve as checkpoints."""
import json
import os
import sys

import numpy as np
import pytest
from scripts import run_script, write_data_set
from thin_run import write_run

import FCN_export
import FCN_test
from fcn8s.exports import graph
from fcn8s.exports.exported import ExportedNet, open_net
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UsageError, UserError

PHOTOS = np.random.RandomState(3).randint(0, 256, (2, 70, 101, 3)).astype(np.uint8)
RUNTIMES = [('onnx', 'onnxruntime', 'net.onnx'), ('openvino', 'openvino', 'net.xml'),
            ('tflite', 'ai_edge_litert', 'net.tflite')]


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('run'))


def export(logs_dir, folder, form, *arguments):
    for needed in {'onnx': ['onnxruntime', 'tf2onnx'], 'openvino': ['openvino'], 'tflite': ['ai_edge_litert']}[form]:
        pytest.importorskip(needed)
    assert run_script(FCN_export, f'--logs_dir={logs_dir}', f'--export_dir={folder}', f'--format={form}',
                      *arguments) == 0
    return str(folder)


def ids_of(net):
    with net:
        return net.predict(PHOTOS)


@pytest.mark.parametrize('form', ['onnx', 'openvino', 'tflite'])
def test_export_predicts_what_the_net_does(logs_dir, tmp_path, form):
    found = ids_of(ExportedNet(export(logs_dir, tmp_path / 'out', form), precision='float32'))
    expected = ids_of(Segmenter(logs_dir, precision='float32'))
    assert len(np.unique(expected)) > 1
    assert (found == expected).mean() > 0.999  # near ties may break differently


@pytest.mark.parametrize('form', ['onnx', 'openvino', 'tflite'])
def test_dilated_net_with_pyramid_pooling_is_exported(tmp_path, form):
    logs_dir = write_run(tmp_path / 'logs', net='resnet18dilated_ppm_deepsup')
    found = ids_of(ExportedNet(export(logs_dir, tmp_path / 'out', form), precision='float32'))
    assert (found == ids_of(Segmenter(logs_dir, precision='float32'))).mean() > 0.999


@pytest.mark.parametrize('form', ['openvino', 'tflite'])
def test_float16_halves_the_file(logs_dir, tmp_path, form):
    sizes = [sum(entry.stat().st_size for entry in os.scandir(export(logs_dir, tmp_path / precision, form,
                                                                     f'--precision={precision}')))
             for precision in ('float32', 'float16')]
    assert sizes[1] < 0.6 * sizes[0]


@pytest.mark.parametrize('form, _, name', RUNTIMES)
def test_file_alone_names_its_classes(logs_dir, tmp_path, form, _, name):
    folder = export(logs_dir, tmp_path / 'out', form)
    os.remove(os.path.join(folder, 'export.json'))
    with ExportedNet(os.path.join(folder, name)) as exported:
        assert [c.name for c in exported.net.classes] == [f'class {i}' for i in range(5)]


def test_ids_leave_out_class_0_if_the_export_does(logs_dir, tmp_path):
    folder = export(logs_dir, tmp_path / 'out', 'onnx', '--nopredict_class_0')
    assert ids_of(ExportedNet(folder, with_class_0=False)).min() > 0
    with pytest.raises(UsageError, match='was exported with --nopredict_class_0: give the same'):
        ExportedNet(folder)


@pytest.mark.parametrize('form', ['onnx', 'openvino', 'tflite'])
def test_export_that_predicts_something_else_is_not_kept(logs_dir, tmp_path, form, monkeypatch):
    resize = graph.resize_nearest_exact
    monkeypatch.setattr(graph, 'resize_nearest_exact', lambda ids, *size: resize(ids, *size)[:, ::-1])
    with pytest.raises(UserError, match='does not predict what the net predicts.*Nothing was kept'):
        export(logs_dir, tmp_path / 'out', form)
    assert os.listdir(str(tmp_path)) == []


def test_int8_is_calibrated_and_scored(tmp_path, capsys):
    pytest.importorskip('nncf')
    data_dir = write_data_set(tmp_path / 'data')
    logs_dir = write_run(tmp_path / 'run', num_classes=3)
    folder = export(logs_dir, tmp_path / 'out', 'openvino', '--precision=int8', f'--data_dir={data_dir}',
                    '--calibration_num=3', '--max_loss=1')
    shown = capsys.readouterr().out
    assert 'calibrated on 3 training photos' in shown and 'int8: mean IoU ' in shown
    with open(os.path.join(folder, 'net.xml')) as file:
        assert 'FakeQuantize' in file.read()


def test_int8_that_costs_too_much_is_not_kept(tmp_path, monkeypatch):
    pytest.importorskip('nncf')
    scores = iter([0.5, 0.4])
    all_class_scores = FCN_export.compare_scores.__globals__['all_class_scores']
    monkeypatch.setitem(FCN_export.compare_scores.__globals__, 'all_class_scores',
                        lambda matrix: all_class_scores(matrix)._replace(mean_iou=next(scores)))
    logs_dir = write_run(tmp_path / 'run', num_classes=3)
    with pytest.raises(UserError, match='int8 costs 0.1000 of mean IoU, more than --max_loss=0.01'):
        export(logs_dir, tmp_path / 'out', 'openvino', '--precision=int8',
               f'--data_dir={write_data_set(tmp_path / "data")}')
    assert not (tmp_path / 'out').exists()


def test_scores_of_an_export_are_those_of_its_net(tmp_path):
    data_dir = write_data_set(tmp_path / 'data')
    logs_dir = write_run(tmp_path / 'run', num_classes=3)
    folder = export(logs_dir, tmp_path / 'out', 'onnx')
    scores = []
    for arguments in ([f'--logs_dir={logs_dir}', '--precision=float32'], [f'--checkpoint={folder}/net.onnx']):
        assert run_script(FCN_test, f'--data_dir={data_dir}', *arguments) == 0
    for place in (logs_dir, folder):
        with open(os.path.join(place, 'test', 'scores.json')) as file:
            scores.append(json.load(file)['scene_parsing'])
    assert scores[0] == pytest.approx(scores[1], abs=0.002)


@pytest.mark.parametrize('options, named', [({'flip': True}, '--flip'), ({'scales': (0.5, 1.)}, '--scales'),
                                            ({'needs_probabilities': '--softmax'}, '--softmax')])
def test_export_refuses_what_needs_probabilities(logs_dir, tmp_path, options, named):
    folder = str(tmp_path / 'out')
    assert run_script(FCN_export, f'--logs_dir={logs_dir}', f'--export_dir={folder}') == 0
    with pytest.raises(UsageError, match=f'is an export: .* Leave {named} out'):
        open_net('logs', folder, None, '', **options)


@pytest.mark.parametrize('form, module, name', RUNTIMES)
def test_damaged_export_is_named(tmp_path, form, module, name):
    pytest.importorskip(module)
    (tmp_path / name).write_bytes(b'no net')
    with pytest.raises(UserError, match=f'{name} (cannot be loaded|does not say which classes)'):
        ExportedNet(str(tmp_path / name))


def test_missing_export_says_what_makes_one(tmp_path):
    with pytest.raises(UserError, match='net.onnx does not exist. FCN_export.py --format=onnx'):
        ExportedNet(str(tmp_path / 'net.onnx'))


def test_missing_package_is_named_with_its_command(monkeypatch, tmp_path):
    (tmp_path / 'net.onnx').write_bytes(b'anything')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(UserError, match='onnxruntime is needed for this format'):
        ExportedNet(str(tmp_path / 'net.onnx'))
