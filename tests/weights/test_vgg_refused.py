"""fcn8s.weights.vgg refuses files that are damaged or no VGG, and says what is wrong with them."""
import os
from collections import OrderedDict

import numpy as np
import pytest
import vgg_files

from fcn8s.utils.errors import UserError
from fcn8s.weights.vgg import read_vgg
from fcn8s.weights.vgg_layers import PretrainedError

BLOBS = vgg_files.caffe_blobs()


@pytest.fixture
def write(tmp_path):
    return lambda name, blobs=BLOBS: vgg_files.write(tmp_path, name, blobs)


def refused(path, *words, **kwargs):
    with pytest.raises(PretrainedError) as error:
        read_vgg(path, **kwargs)
    for word in (path,) + words:
        assert word in str(error.value)


@pytest.mark.parametrize('held, asked', [(16, 19), (19, 16)])
def test_another_depth_is_said_plainly(write, held, asked):
    path = write('lists.npy', vgg_files.caffe_blobs(held))
    refused(path, f'holds a VGG-{held}', f'VGG-{asked}', depth=asked)


@pytest.mark.parametrize('name, layer', [(name, 'conv4_2') for name in vgg_files.WRITERS] + [('new.mat', 'fc7')])
def test_a_missing_layer_is_named(write, name, layer):
    refused(write(name, OrderedDict(item for item in BLOBS.items() if item[0] != layer)), 'lacks ' + layer)


@pytest.mark.parametrize('name', ['new.mat', 'lists.npy', 'vgg16_weights.npz', 'keras2.h5'])
@pytest.mark.parametrize('part', [0, 0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused(write, name, part):
    refused(vgg_files.cut(write(name), part))


def test_a_truncated_saved_model_is_refused(write):
    path = write('vgg16')
    vgg_files.cut(os.path.join(path, 'variables', 'variables.data-00000-of-00001'))
    refused(path, 'cannot be read')


def test_a_damaged_file_of_a_published_name_gets_its_md5(tmp_path):
    path = tmp_path / 'imagenet-vgg-verydeep-16.mat'
    path.write_bytes(b'<html>404</html>')
    refused(str(path), 'f72d927587ca4c97fbd165ec9cb9997f', 'http://www.vlfeat.org/')


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, 'w')


def test_a_hostile_pickle_runs_nothing(tmp_path):
    marker = tmp_path / 'marker'
    path = vgg_files.save_object(str(tmp_path / 'vgg16.npy'), {'conv1_1': [Hostile(str(marker)), np.zeros(2)]})
    refused(path, '.open', 'not run')
    assert not marker.exists()


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(write, value):
    kernel = BLOBS['conv3_2'][0].copy()
    kernel[1, 2, 0, 1] = value
    refused(write('new.mat', OrderedDict(BLOBS, conv3_2=(kernel, BLOBS['conv3_2'][1]))), 'conv3_2 holds 1 value')


def test_layers_that_do_not_fit_each_other_are_refused(write):
    kernel, bias = BLOBS['conv2_1']
    refused(write('lists.npy', OrderedDict(BLOBS, conv2_1=(kernel[:-1], bias[:-1]))), 'conv2_2', '(3, 3, 8, 8)')


def test_a_bias_of_another_length_is_refused(write):
    kernel, bias = BLOBS['conv2_1']
    refused(write('lists.npy', OrderedDict(BLOBS, conv2_1=(kernel, bias[:-1]))), 'bias of conv2_1')


def test_whole_numbers_are_refused(write):
    kernel, bias = BLOBS['conv2_1']
    refused(write('lists.npy', OrderedDict(BLOBS, conv2_1=(kernel.astype(int), bias))), 'conv2_1 holds int')


def test_theano_kernels_are_refused_by_shape(tmp_path):
    path = vgg_files.save_object(str(tmp_path / 'vgg16.npy'), {name: list(pair) for name, pair in BLOBS.items()})
    refused(path, 'conv1_1', '(4, 3, 3, 3)', 'Theano')


def test_theano_kernels_are_refused_by_the_name_of_the_file(tmp_path):
    h5py = pytest.importorskip('h5py')
    path = str(tmp_path / 'vgg16_weights_tf_dim_ordering_th_kernels.h5')
    h5py.File(path, 'w').close()
    refused(path, 'tf_kernels')


def test_another_net_is_refused_with_what_was_found(tmp_path):
    from scipy.io import savemat
    savemat(str(tmp_path / 'a.mat'), {'images': np.zeros(3)})
    np.savez(str(tmp_path / 'a.npz'), resnet=np.zeros(3))
    vgg_files.save_object(str(tmp_path / 'a.npy'), {'res2a': [np.zeros(3), np.zeros(3)], 'fc6': [np.zeros(3)] * 2})
    for name, word in [('a.mat', 'images'), ('a.npz', 'resnet'), ('a.npy', 'res2a')]:
        refused(str(tmp_path / name), 'holds no VGG', word)


@pytest.mark.parametrize('value', [[1, 2], 'text', {'conv1_1': 3}, {'conv1_1': [1, 2]}])
def test_a_pickle_of_something_else_is_refused(tmp_path, value):
    refused(vgg_files.save_object(str(tmp_path / 'a.npy'), value), 'expected')


def test_an_array_without_names_is_refused(tmp_path):
    np.save(str(tmp_path / 'a.npy'), np.zeros(3))
    refused(str(tmp_path / 'a.npy'), 'one array of float64')


def test_a_matlab_73_file_is_refused_with_the_fix(tmp_path):
    path = tmp_path / 'a.mat'
    path.write_bytes(b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM' + bytes(400))
    refused(str(path), '-v7')


@pytest.mark.parametrize('change, word', [({'tag': 'serve'}, 'serve'), ({'tensors': ['image_input']}, 'layer7_out')])
def test_another_saved_model_is_refused(tmp_path, change, word):
    pytest.importorskip('tensorflow')
    path = vgg_files.write_saved_model(str(tmp_path / 'vgg16'), {'conv1_1': BLOBS['conv1_1']}, **change)
    refused(path, word)


@pytest.mark.parametrize('name', ['absent.mat', 'notes.txt', ''])
def test_a_path_that_is_no_weight_file_is_refused(tmp_path, name):
    (tmp_path / 'notes.txt').write_text('')
    refused(str(tmp_path / name), '.mat')


def test_the_error_is_one_for_the_user():
    assert issubclass(PretrainedError, UserError)
