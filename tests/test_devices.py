"""The choice of GPUs and precision, and oneDNN's cache of kernels."""
import pytest

from fcn8s import devices
from fcn8s.devices import check_num_gpus, cpu_flags, resolve_precision, training_devices
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf

IS_TF1 = tf.version.VERSION.startswith('1.')


@pytest.mark.parametrize('line, expected', [('flags\t\t: fpu avx512_bf16 sse', 'bfloat16'),
                                            ('flags : amx_bf16', 'bfloat16'), ('flags : avx2 avx512f', 'float32'),
                                            ('model name : amx_bf16', 'float32')])
def test_auto_takes_bfloat16_if_the_processor_supports_it(tmp_path, monkeypatch, line, expected):
    path = tmp_path / 'cpuinfo'
    path.write_text(f'processor : 0\n{line}\n')
    monkeypatch.setattr(devices, 'cpu_flags', lambda: cpu_flags(str(path)))
    assert resolve_precision('auto') == ('float32' if IS_TF1 else expected)


def test_system_without_cpuinfo_has_no_known_instruction_sets(tmp_path):
    assert cpu_flags(str(tmp_path / 'cpuinfo')) == set()


@pytest.mark.skipif(not IS_TF1, reason='TensorFlow 2 has bfloat16 layers')
def test_bfloat16_is_refused_on_tensorflow_1():
    with pytest.raises(UserError, match='TensorFlow 1.* no bfloat16 layers'):
        resolve_precision('bfloat16')


def test_gpus_must_share_the_batch_equally():
    check_num_gpus(2, 4)
    with pytest.raises(UserError, match='--num_gpus=2.*--batch_size=3 .*Try --batch_size=6'):
        check_num_gpus(2, 3)


@pytest.mark.parametrize('visible, words', [([], 'no GPUs'), (['GPU:0'], '1 GPU here')])
def test_too_few_gpus_are_an_error(monkeypatch, visible, words):
    monkeypatch.setattr(devices, 'gpus', lambda: visible)
    assert training_devices(1) == [None]
    with pytest.raises(UserError, match='--num_gpus=2, but TensorFlow sees ' + words):
        training_devices(2)


def test_training_takes_the_first_gpus(monkeypatch):
    monkeypatch.setattr(devices, 'gpus', lambda: ['GPU:0', 'GPU:1', 'GPU:2'])
    assert training_devices(2) == ['/gpu:0', '/gpu:1']


def test_oneDNN_caches_no_kernels_beside_a_gpu(monkeypatch):
    monkeypatch.setattr(devices, 'gpus', lambda: ['GPU:0', 'GPU:1'])
    for name in ('TF_ENABLE_ONEDNN_OPTS', 'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS'):
        monkeypatch.setenv(name, '1')
    assert not devices.onednn_caches_kernels()
