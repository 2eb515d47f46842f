"""Weight files that claim more than they hold, or lead into other files, are refused before memory is allocated."""
import io
import os
import pickle
import resource
import struct
import zipfile

import numpy as np
import pytest
import vgg_files

from fcn8s.weights.vgg import read_vgg
from fcn8s.weights.vgg_layers import PretrainedError

BLOBS = vgg_files.caffe_blobs(thinner=32)
HUGE = (1 << 40, 1 << 40)


def refused(path, *words):
    """Checks that the file is refused with these words, within 2 GB of memory beyond what is in use."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open('/proc/self/statm') as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), limits[1]))
    try:
        with pytest.raises(PretrainedError) as error:
            read_vgg(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    for word in (path, 'cannot be read') + words:
        assert word in str(error.value)


def npy_header(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {'descr': '<f4', 'fortran_order': False, 'shape': shape})
    return file.getvalue()


def write_zip(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_npz_array_of_more_than_its_entry(tmp_path):
    entries = {'conv1_1_W.npy': npy_header(HUGE) + bytes(12), 'conv1_1_b.npy': npy_header((3,)) + bytes(12)}
    # 2 ** 80 float32 numbers
    refused(write_zip(str(tmp_path / 'a.npz'), entries), 'conv1_1_W', f'{2 ** 82:,} bytes')


def test_npz_that_is_a_zip_bomb(tmp_path):
    entries = {name: npy_header((1 << 20,)) + bytes(4 << 20) for name in ('conv1_1_W.npy', 'conv1_1_b.npy')}
    refused(write_zip(str(tmp_path / 'a.npz'), entries, zipfile.ZIP_DEFLATED), 'compressed')


def npy_of(pickled):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {'descr': '|O', 'fortran_order': False, 'shape': ()})
    return file.getvalue() + pickled


@pytest.mark.parametrize('pickled', [
    b'\x80\x04\x8e' + struct.pack('<Q', 1 << 40) + b'.',  # BINBYTES8
    b'\x80\x04\x95' + struct.pack('<Q', 1 << 40) + b'N.',  # FRAME
    b'\x80\x02Nr' + struct.pack('<I', (1 << 31) - 1) + b'.',  # LONG_BINPUT, a place in the memo
    b'\x80\x02X' + struct.pack('<I', (1 << 32) - 1) + b'.'])  # BINUNICODE
def test_npy_whose_pickle_is_shorter_than_it_says(tmp_path, pickled):
    path = tmp_path / 'a.npy'
    path.write_bytes(npy_of(pickled))
    refused(str(path), 'pickle')


def test_npy_whose_lists_hold_each_other_over_and_over(tmp_path):
    value = []
    for _ in range(40):
        value = [value] * 10  # 10 ** 40 lists in a few hundred bytes
    path = tmp_path / 'a.npy'
    path.write_bytes(npy_of(pickle.dumps(value, 2)))
    refused(str(path), 'more often than it has bytes')


def test_npy_of_lists_in_lists(tmp_path):
    path = tmp_path / 'a.npy'
    path.write_bytes(npy_of(b'\x80\x02' + b']' * 100000 + b'a' * 99999 + b'.'))
    refused(str(path))


@pytest.fixture
def h5(tmp_path):
    """Function that writes an .h5 whose kernel make(h5py, group) makes, beside a valid bias; returns its path."""
    h5py = pytest.importorskip('h5py')

    def write(make):
        path = str(tmp_path / 'a.h5')
        with h5py.File(path, 'w') as file:
            group = file.create_group('block1_conv1')
            group['b'] = np.zeros(4, np.float32)
            make(h5py, group)
        return path
    return write


@pytest.fixture
def secret(tmp_path):
    """A file of 432 bytes, as many as a kernel of 3 * 3 * 3 * 4 has."""
    path = tmp_path / 'secret'
    path.write_bytes(b'root:x:0' * 54)
    return str(path)


def test_h5_stored_in_another_file(h5, secret):
    refused(h5(lambda h5py, group: group.create_dataset('k', (3, 3, 3, 4), 'f4', external=[(secret, 0, 432)])),
            'block1_conv1/k is stored in another file')


def test_h5_whose_numbers_are_those_of_another_h5(h5, tmp_path):
    def make(h5py, group):
        with h5py.File(str(tmp_path / 'other.h5'), 'w') as other:
            other['x'] = np.ones((3, 3, 3, 4), np.float32)
        layout = h5py.VirtualLayout((3, 3, 3, 4), 'f4')
        layout[...] = h5py.VirtualSource(str(tmp_path / 'other.h5'), 'x', (3, 3, 3, 4))
        group.create_virtual_dataset('k', layout)
    refused(h5(make), 'block1_conv1/k is stored in another file')


@pytest.mark.parametrize('link', ['ExternalLink', 'SoftLink'])
def test_h5_whose_layer_is_a_link(h5, link):
    def make(h5py, group):
        group.file['block1_conv2'] = {'ExternalLink': h5py.ExternalLink('other.h5', 'x'),
                                      'SoftLink': h5py.SoftLink('/block1_conv1')}[link]
    refused(h5(make), f'block1_conv2 is a link ({link})')


@pytest.mark.parametrize('options', [{}, {'chunks': (1024, 1024), 'compression': 'gzip'}])
def test_h5_array_of_more_than_its_file(h5, options):
    refused(h5(lambda h5py, group: group.create_dataset('k', (1 << 20, 1 << 20), 'f4', **options)),
            'block1_conv1/k would take 4,398,046,511,104 bytes')  # 2 ** 42


def test_compressed_h5_is_read(tmp_path):
    h5py = pytest.importorskip('h5py')
    path = vgg_files.write(tmp_path, 'keras2.h5', BLOBS)
    with h5py.File(path, 'r') as file, h5py.File(str(tmp_path / 'small.h5'), 'w') as small:
        def copy(name, item):
            if hasattr(item, 'ndim'):
                small.create_dataset(name, data=item[()], compression='gzip', shuffle=True)
        file.visititems(copy)
    np.testing.assert_array_equal(read_vgg(str(tmp_path / 'small.h5')).layers['conv3_1'][0],
                                  read_vgg(path).layers['conv3_1'][0])


def test_mat_of_an_element_longer_than_the_file(tmp_path):
    path = vgg_files.write(tmp_path, 'new.mat', BLOBS)
    with open(path, 'r+b') as file:
        file.seek(132)  # the length of the first element, behind the header of 128 bytes and its kind
        file.write(struct.pack('<I', 0xfffffff0))
    refused(path, f'would take {136 + 0xfffffff0:,} bytes, but the file has only {os.path.getsize(path):,}')


def test_mat_that_is_a_zip_bomb(tmp_path):
    from scipy.io import savemat
    path = str(tmp_path / 'a.mat')
    savemat(path, {'layers': np.zeros(1 << 20)}, do_compression=True)
    refused(path, 'compressed')


@pytest.mark.parametrize('do_compression', [False, True])
def test_mat_of_cells_in_cells(tmp_path, do_compression):
    from scipy.io import savemat
    value = np.zeros(1, np.float32)
    for _ in range(30):
        cell = np.empty((1, 1), object)
        cell[0, 0] = value
        value = cell
    savemat(str(tmp_path / 'a.mat'), {'layers': value}, do_compression=do_compression)
    refused(str(tmp_path / 'a.mat'), '20 deep')


@pytest.mark.parametrize('found, put, word', [
    (b'\x07\0\0\0\x90\0\0\0', b'\x40\0\0\0\x90\0\0\0', 'of the kind 64'),  # an unknown kind of numbers
    (b'\x07\0\0\0\x90\0\0\0', b'\x07\0\0\0\x90\0\0\x70', 'would take 1,879,048,336 bytes'),
    (b'\x05\0\0\0\x08\0\0\0\x01\0\0\0', b'\x05\0\0\0\x08\0\0\0\0\0\0\x40', 'a cell or struct would take')])
def test_mat_that_scipy_would_not_survive(tmp_path, found, put, word):
    blobs = {'conv1_1': (np.ones((4, 1, 3, 3), np.float32), np.ones(4, np.float32))}  # a kernel of 0x90 bytes
    path = vgg_files.write(tmp_path, 'new.mat', blobs)
    with open(path, 'rb') as file:
        head, tail = file.read(128), file.read()
    at = tail.index(b'layers')
    assert found in tail[at - 24:]
    with open(path, 'wb') as file:
        file.write(head + tail[:at - 24] + tail[at - 24:].replace(found, put, 1))
    refused(path, word)


def test_compressed_mat_is_read(tmp_path):
    from scipy.io import loadmat, savemat
    path = vgg_files.write(tmp_path, 'new.mat', BLOBS)
    savemat(str(tmp_path / 'small.mat'), {'layers': loadmat(path, struct_as_record=True)['layers']},
            do_compression=True)
    np.testing.assert_array_equal(read_vgg(str(tmp_path / 'small.mat')).layers['conv3_1'][0],
                                  read_vgg(path).layers['conv3_1'][0])


def test_memory_that_runs_out_is_said(tmp_path, monkeypatch):
    path = vgg_files.write(tmp_path, 'vgg16_weights.npz', BLOBS)

    def load(*_, **__):
        raise MemoryError

    monkeypatch.setattr(np, 'load', load)
    with pytest.raises(PretrainedError, match=f'memory ran out while {path} was read'):
        read_vgg(path)
