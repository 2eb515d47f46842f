"""A net of each kind, chosen by --net alone, is trained, resumed, tested and used."""
import os

import numpy as np
import pytest
from PIL import Image
from scripts import run_script, write_data_set

import FCN_infer
import FCN_test
import FCN_train


@pytest.mark.parametrize('net', ['fcn8s_at_once', 'fcn8s_ade20k', 'fcn32s_paper', 'vgg19_dilated8_psp',
                                 'resnet34_dilated16_c1'])
def test_net_is_trained_resumed_tested_and_used(net, tmp_path, capsys):
    data_dir, logs = write_data_set(tmp_path / 'data', training=2, validation=1), f'--logs_dir={tmp_path / "logs"}'
    for steps in (1, 2):
        run_script(FCN_train, f'--data_dir={data_dir}', logs, f'--net={net}', f'--max_steps={steps}', '--width=0.0625',
                   '--pretrained=none')
    assert '(step 1)' in capsys.readouterr().out
    assert run_script(FCN_test, logs) == 0
    photo = os.path.join(data_dir, 'images', 'validation', 'p0.png')
    assert run_script(FCN_infer, logs, f'--output_dir={tmp_path / "out"}', photo) == 0
    ids = np.array(Image.open(str(tmp_path / 'out' / 'p0.png')))
    assert ids.shape == (40, 52) and ids.max() <= 2
    assert f'net {net}' in capsys.readouterr().out
