"""fcn8s.weights.vgg reads thin VGGs from every published format."""
import os
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import vgg_files

from fcn8s.weights.safe_pickle import load_object
from fcn8s.weights.vgg import read_vgg

BLOBS = vgg_files.caffe_blobs()


@pytest.fixture
def write(tmp_path):
    return lambda name, blobs=BLOBS: vgg_files.write(tmp_path, name, blobs)


def assert_layers(weights, blobs):
    expected = vgg_files.convolutions(blobs)
    assert list(weights.layers) == list(expected)
    for name, arrays in expected.items():
        for found, array in zip(weights.layers[name], arrays):
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, array, err_msg=name)


def write_pickle(folder, body):
    """A .npy file whose object is the pickle `body`."""
    path = str(folder / 'pickle.npy')
    with open(path, 'wb') as file:
        np.lib.format.write_array_header_1_0(file, {'descr': '|O', 'fortran_order': False, 'shape': ()})
        file.write(body)
    return path


@pytest.mark.parametrize('name', vgg_files.WRITERS)
def test_every_format_gives_the_same_convolutions(write, name):
    weights = read_vgg(write(name), depth=16)
    assert weights.depth == 16
    assert_layers(weights, BLOBS)


@pytest.mark.parametrize('name', ['new.mat', 'lists.npy', 'keras2.h5', 'torchvision.pth'])
def test_vgg19(write, name):
    blobs = vgg_files.caffe_blobs(19)
    weights = read_vgg(write(name, blobs))
    assert weights.depth == 19
    assert_layers(weights, blobs)


@pytest.mark.parametrize('name', ['new.mat', 'lists.npy', 'keras2.h5'])
def test_layers_are_matched_by_name_not_by_place(write, name):
    assert_layers(read_vgg(write(name, OrderedDict(reversed(list(BLOBS.items()))))), BLOBS)


@pytest.mark.parametrize('name', ['new.mat', 'keras2.h5'])
def test_a_file_without_top_gives_the_convolutions_alone(write, name):
    blobs = vgg_files.caffe_blobs(top=False)
    assert_layers(read_vgg(write(name, blobs)), blobs)


def test_a_kernel_whose_last_dimensions_matlab_dropped(write):
    blobs = vgg_files.caffe_blobs(thinner=64, top=False)
    assert blobs['conv1_1'][0].shape == (1, 3, 3, 3)  # in the file [3, 3, 3, 1], which MATLAB keeps as [3, 3, 3]
    from scipy.io import loadmat, savemat
    path = write('new.mat', blobs)
    mat = loadmat(path)
    cell = mat['layers'][0, 0]['weights'][0, 0]
    cell[0, 0] = cell[0, 0].reshape(3, 3, 3)
    savemat(path, {'layers': mat['layers']})
    assert_layers(read_vgg(path), blobs)


@pytest.mark.parametrize('module', [b'numpy.core.multiarray', b'numpy._core.multiarray'])
@pytest.mark.parametrize('protocol', [2, 3, 4])
def test_pickles_of_every_python_3_and_numpy_are_read(tmp_path, protocol, module):
    kernel = np.asfortranarray(np.arange(6.).reshape(2, 3))
    array = np.empty((), object)
    array[()] = OrderedDict(conv1_1=(kernel, np.ones(1, '>f2')))
    body = pickle.dumps(array, protocol)
    if protocol < 4:  # whose names are lines, of any length
        body = body.replace(array.__reduce__()[0].__module__.encode(), module)
    found, bias = load_object(write_pickle(tmp_path, body))['conv1_1']
    np.testing.assert_array_equal(found, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(bias, [1])


def test_python_2_pickles_are_read(tmp_path):
    # {'conv1_1': [float32 [[0, 1, 2], [3, 4, 5]], {'biases': big-endian float64 [0.5]}]}, saved by Python 2.7
    body = (b'\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01)'
            b'cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]'
            b'q\x06}q\x07U\x07conv1_1q\x08]q\t(h\x01h\x02K\x00\x85U\x01b\x87Rq\n(K\x01K\x02K\x03\x86h\x04U\x02f4K\x00K'
            b'\x01\x87Rq\x0b(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x18\x00\x00\x00\x00\x00\x00'
            b'\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@tb}q\x0cU\x06biasesq\rh\x01h\x02K\x00\x85U\x01b'
            b'\x87Rq\x0e(K\x01K\x01\x85h\x04U\x02f8K\x00K\x01\x87Rq\x0f(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff'
            b'\xffK\x00tb\x89U\x08?\xe0\x00\x00\x00\x00\x00\x00tbsesatb.')
    kernel, bias = load_object(write_pickle(tmp_path, body))['conv1_1']
    np.testing.assert_array_equal(kernel, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(bias['biases'], [0.5])


@pytest.mark.parametrize('depth, blue, green, red', [
    (16, 4.29470569e-01, 5.50379455e-01, 4.80015397e-01),  # Keras's VGG16: block1_conv1[0, 0, :, 0], which takes BGR
    (19, 0.34119523, 0.46418372, 0.39416704),  # imagenet-vgg-verydeep-19.mat: the same of conv1_1, which takes RGB
])
@pytest.mark.parametrize('name', ['lists.npy', 'vgg16_weights.npz'])
def test_published_weights_are_known_by_their_values_whatever_their_file(write, name, depth, blue, green, red):
    blobs = vgg_files.caffe_blobs(depth)
    kernel, bias = blobs['conv1_1']
    kernel[0, :, 0, 0] = blue, green, red
    # The writers write .npy as BGR and .npz as RGB; turning the channels makes a file of the other order.
    path = write(name, OrderedDict(blobs, conv1_1=(kernel[:, ::-1], bias)))
    np.testing.assert_allclose(read_vgg(path).layers['conv1_1'][0][0, 0, :, 0], [red, green, blue], rtol=1e-6)


def test_half_precision_becomes_float32(write):
    halves = OrderedDict((name, (kernel.astype(np.float16), bias.astype(np.float16)))
                         for name, (kernel, bias) in BLOBS.items())
    assert_layers(read_vgg(write('lists.npy', halves)), halves)


def test_importing_needs_no_tensorflow():
    code = 'import sys; import fcn8s.weights.vgg; sys.exit("tensorflow" in sys.modules or "scipy" in sys.modules)'
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    assert subprocess.call([sys.executable, '-c', code], cwd=root) == 0


def test_mat_kernels_keep_height_and_width(tmp_path):
    """A kernel of ones on the row below the middle finds what lies one pixel below, not one pixel to the right."""
    from scipy.io import loadmat, savemat
    path = vgg_files.write_mat(str(tmp_path / 'a.mat'), vgg_files.caffe_blobs(top=False))
    layers = loadmat(path)['layers']
    below = np.zeros((3, 3, 3, 4), np.float32)
    below[2] = 1
    layers[0, 0]['weights'][0, 0][0, 0] = below
    savemat(path, {'layers': layers})
    np.testing.assert_array_equal(read_vgg(path).layers['conv1_1'][0], below)
