"""The examples run as their first lines say."""
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from project import PROJECT
from scripts import run_script
from thin_run import write_run

import FCN_export
from fcn8s.prediction.segmenter import Segmenter


def test_ray_segments_a_folder_of_folders(tmp_path):
    pytest.importorskip('ray.data')
    logs_dir, export_dir = write_run(tmp_path / 'run'), tmp_path / 'export'
    assert run_script(FCN_export, f'--logs_dir={logs_dir}', f'--export_dir={export_dir}') == 0
    photos = np.random.RandomState(0).randint(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    (tmp_path / 'photos' / 'a').mkdir(parents=True)
    for name, photo in zip(('a/one.png', 'two.PNG'), photos):
        Image.fromarray(photo).save(str(tmp_path / 'photos' / name), format='PNG')

    subprocess.run([sys.executable, os.path.join(PROJECT, 'examples', 'ray_segment.py'), str(export_dir),
                    str(tmp_path / 'photos'), str(tmp_path / 'ids'), '2'], check=True, cwd=str(tmp_path), timeout=300)

    with Segmenter(logs_dir, precision='float32') as segmenter:
        for name, photo in zip(('a/one.png', 'two.png'), photos):
            found = np.asarray(Image.open(str(tmp_path / 'ids' / name)))
            assert np.mean(found == segmenter.predict(photo)) > 0.999  # near ties may break differently


@pytest.mark.parametrize('form, module, name', [
    ('onnx', 'onnxruntime', 'net.onnx'), ('openvino', 'openvino', 'net.xml'),
    ('tflite', 'ai_edge_litert', 'net.tflite')])
def test_runtime_segments_a_photo_and_names_its_classes(tmp_path, form, module, name):
    pytest.importorskip(module)
    if form == 'onnx':
        pytest.importorskip('tf2onnx')
    logs_dir, export_dir = write_run(tmp_path / 'run'), tmp_path / 'export'
    assert run_script(FCN_export, f'--logs_dir={logs_dir}', f'--export_dir={export_dir}', f'--format={form}') == 0
    photo = np.random.RandomState(0).randint(0, 256, (64, 96, 3)).astype(np.uint8)
    Image.fromarray(photo).save(str(tmp_path / 'street.png'))

    shown = subprocess.run([sys.executable, os.path.join(PROJECT, 'examples', f'{form}_segment.py'),
                            str(export_dir / name), 'street.png', 'ids.png'], check=True, cwd=str(tmp_path),
                           stdout=subprocess.PIPE, text=True, timeout=300).stdout

    assert [line.split('%')[1].strip() for line in shown.splitlines()] == [f'class {i}' for i in range(5)]
    with Segmenter(logs_dir, precision='float32') as segmenter:
        found = np.asarray(Image.open(str(tmp_path / 'ids.png')))
        assert np.mean(found == segmenter.predict(photo)) > 0.99  # OpenVINO itself chooses its precision
