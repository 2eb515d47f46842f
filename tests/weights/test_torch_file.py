"""fcn8s.weights.pth reads both formats of torch.save without torch, and refuses what is damaged or hostile."""
import os
import pickle
import resource
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch_files
from torch_files import Call, Global, Storage, part, state_dict, tensor, write_stream, write_zip

from fcn8s.utils.errors import UserError
from fcn8s.weights.pth import read_pair, read_pth

SEQUENCE = np.arange(24, dtype=np.float32)


@pytest.fixture(params=['stream', 'zip'])
def write(request, tmp_path):
    """Function that writes a file of either format and returns its path."""
    return lambda content, **how: torch_files.WRITERS[request.param](str(tmp_path / 'net.pth'), content, **how)


def refused(path, *words):
    """Checks that the file is refused with these words, within 1 GB of memory beyond what is in use."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open('/proc/self/statm') as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), limits[1]))
    try:
        with pytest.raises(UserError) as error:
            read_pth(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    for word in (path,) + words:
        assert word in str(error.value)


def test_kernels_are_transposed_and_other_arrays_kept(write):
    kernel, bias = np.arange(5. * 2 * 3 * 7).reshape(5, 2, 3, 7), np.arange(5.)
    arrays = read_pth(write(state_dict({'conv.weight': kernel, 'conv.bias': bias})))
    assert arrays['conv.weight'].shape == (3, 7, 2, 5)
    assert arrays['conv.weight'].dtype == np.float32
    assert arrays['conv.weight'][2, 6, 1, 3] == kernel[3, 1, 2, 6]
    assert arrays['conv.bias'].tolist() == bias.tolist()


@pytest.mark.parametrize('name', ['num_batches_tracked', '_tmp_running_mean', '_tmp_running_var', '_running_iter'])
def test_counters_of_batch_normalization_are_left_out(write, name):
    path = write(state_dict({'bn1.weight': SEQUENCE, 'bn1.' + name: SEQUENCE * np.nan}))
    assert list(read_pth(path)) == ['bn1.weight']


def test_names_of_data_parallel_lose_their_prefix(write):
    arrays = read_pth(write(state_dict({'module.bn1.weight': SEQUENCE, 'ppm.0.2.bias': SEQUENCE})))
    assert list(arrays) == ['bn1.weight', 'ppm.0.2.bias']


@pytest.mark.parametrize('dtype', ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', '?'])
def test_every_type_of_numbers_becomes_float32(write, dtype):
    found = read_pth(write({'x': tensor(np.array([0, 1, 3], dtype))}))['x']
    assert found.dtype == np.float32
    assert found.tolist() == ([0, 1, 1] if dtype == '?' else [0, 1, 3])


def test_bfloat16_is_the_upper_half_of_float32(write):
    # sign, eight bits of exponent, seven of fraction: 1, -2, 3.140625
    bits = np.array([0x3f80, 0xc000, 0x4049], np.uint16).view(np.int16)
    assert read_pth(write({'x': tensor(bits, kind='BFloat16')}))['x'].tolist() == [1, -2, 3.140625]


def test_parts_of_one_storage(write):
    storage = Storage(SEQUENCE)
    arrays = read_pth(write({'row': part(storage, 8, [4], [1]), 'column': part(storage, 3, [6], [4]),
                             'turned': part(storage, 0, [4, 6], [1, 4]), 'one': part(storage, 23, [], []),
                             'repeated': part(storage, 5, [3], [0]), 'none': part(storage, 24, [0, 4], [4, 1])}))
    assert arrays['row'].tolist() == [8, 9, 10, 11]
    assert arrays['column'].tolist() == [3, 7, 11, 15, 19, 23]
    assert (arrays['turned'] == SEQUENCE.reshape(6, 4).T).all()
    assert arrays['one'] == 23 and arrays['one'].shape == ()
    assert arrays['repeated'].tolist() == [5, 5, 5]
    assert arrays['none'].shape == (0, 4)


def test_parameters_are_tensors(write):
    trained = Call('torch._utils', '_rebuild_parameter', tensor(SEQUENCE), True, OrderedDict())
    assert (read_pth(write({'x': trained}))['x'] == SEQUENCE).all()


def test_tensor_with_attributes_is_a_tensor(write):
    attributed = Call('torch._tensor', '_rebuild_from_type_v2', *tensor(SEQUENCE).reduced[:1],
                      Global('torch', 'Tensor'), tensor(SEQUENCE).reduced[1], {'note': 'mine'})
    assert (read_pth(write({'x': attributed}))['x'] == SEQUENCE).all()


def test_state_dict_inside_a_checkpoint_of_a_training(write):
    path = write({'epoch': 3, 'state_dict': state_dict({'module.x': SEQUENCE}), 'optimizer': {'state': {}, 'lr': 0.1}})
    assert list(read_pth(path)) == ['x']


def test_file_of_python_2_and_a_gpu(tmp_path):
    kernel = SEQUENCE.reshape(4, 3, 2, 1)
    old = Call('torch._utils', '_rebuild_tensor', Storage(kernel, module='torch.cuda'), 0, (4, 3, 2, 1), (6, 2, 1, 1))
    arrays = read_pth(write_stream(str(tmp_path / 'old.pth'), OrderedDict([('module.conv.weight', old)]), python2=True))
    np.testing.assert_array_equal(arrays['conv.weight'], kernel.transpose(2, 3, 1, 0))


def test_view_of_a_storage_as_pytorch_0_2_saved_it(tmp_path):
    storage = Storage(SEQUENCE, view=('another key', 6, 10))
    path = write_stream(str(tmp_path / 'a.pth'), {'x': part(storage, 2, [8], [1])})
    assert read_pth(path)['x'].tolist() == [8, 9, 10, 11, 12, 13, 14, 15]
    refused(write_stream(path, {'x': part(storage, 2, [9], [1])}), 'x cannot be read', 'which has 10')


def test_zip_of_a_big_endian_machine(tmp_path):
    path = write_zip(str(tmp_path / 'a.pth'), {'x': tensor(SEQUENCE), 'y': tensor(SEQUENCE.astype(int))}, 'big')
    arrays = read_pth(path)
    assert arrays['x'].tolist() == arrays['y'].tolist() == SEQUENCE.tolist()


def test_stream_of_a_big_endian_machine_is_refused(tmp_path):
    refused(write_stream(str(tmp_path / 'a.pth'), {'x': tensor(SEQUENCE)}, little_endian=False), 'big-endian')


@pytest.mark.parametrize('how', [{'byteorder': None}, {'compression': zipfile.ZIP_DEFLATED}])
def test_zip_of_the_first_releases_and_one_packed_again(tmp_path, how):
    path = write_zip(str(tmp_path / 'a.pth'), {'x': tensor(SEQUENCE)}, **how)
    assert read_pth(path)['x'].tolist() == SEQUENCE.tolist()


def test_file_called_pth_tar(tmp_path):
    path = write_stream(str(tmp_path / 'mobilenet_v2.pth.tar'), {'state_dict': state_dict({'x': SEQUENCE})})
    assert list(read_pair(path)) == ['x']


def test_real_tar_archive_is_refused(tmp_path):
    import tarfile
    path = str(tmp_path / 'a.pth.tar')
    with tarfile.open(path, 'w') as archive:
        archive.addfile(tarfile.TarInfo('storages'))
    refused(path, 'tar archive', 'before PyTorch 0.2')


@pytest.mark.parametrize('name', [('builtins', 'print'), ('os', 'system'), ('numpy.core.multiarray', 'scalar'),
                                  ('collections', 'Counter')])
def test_what_a_file_asks_for_is_not_run(write, capsys, name):
    refused(write({'x': Call(*name, 'this was run')}), f'asks to run {".".join(name)}', 'was not run', 'state_dict')
    assert capsys.readouterr().out == ''


def test_names_of_pytorch_do_nothing(write, capsys):
    refused(write({'x': Call('torch.hub', 'load', 'some/repository')}), 'x holds no plain numbers but torch.hub.load')


@pytest.mark.parametrize('content, words', [
    (tensor(SEQUENCE), 'holds one Tensor'),
    ({'epoch': 3, 'optimizer': {}}, 'found epoch, optimizer'),
    ({}, 'found nothing'),
    ({3: tensor(SEQUENCE)}, 'found 3'),
    ({'x': tensor(np.ones(4, np.int32), kind='QInt32')}, 'x holds no plain numbers but QInt32'),
    ({'x': tensor(SEQUENCE, kind='ComplexFloat')}, 'x holds no plain numbers but ComplexFloat'),
    ({'x': Call('torch._utils', '_rebuild_sparse_tensor', 0)}, 'x holds no plain numbers but torch._utils._rebuild_s')])
def test_other_contents_are_refused(tmp_path, content, words):
    refused(write_zip(str(tmp_path / 'a.pth'), content), words, 'state_dict')


@pytest.mark.parametrize('value', [float('nan'), float('inf'), 1e300])
def test_numbers_that_are_not_finite_in_float32_are_refused(write, value):
    refused(write({'bn1.bias': tensor([1., value])}), 'bn1.bias holds values that are NaN or infinite')


@pytest.mark.parametrize('offset, shape, strides', [
    (1, [24], [1]), (0, [6, 5], [4, 1]), (24, [], []), (0, [2], [1 << 62]), (23, [1, 2], [0, 1])])
def test_tensor_that_leaves_its_storage_is_refused(write, offset, shape, strides):
    refused(write({'conv.weight': part(Storage(SEQUENCE), offset, shape, strides)}), 'conv.weight cannot be read',
            'storage 0, which has 24')


@pytest.mark.parametrize('offset, shape, strides', [
    (-1, [2], [1]), (8, [2], [-1]), (0, [2, 3], [1]), (0, [2.], [1]), (0, ['2'], [1]), (True, [2], [1])])
def test_tensor_of_other_numbers_than_counts_is_refused(write, offset, shape, strides):
    refused(write({'x': part(Storage(SEQUENCE), offset, shape, strides)}), 'Give another copy')


def test_missing_storage_is_named(write):
    content = {'x': tensor(SEQUENCE), 'y': tensor(SEQUENCE)}
    refused(write(content, left_out=('1',)), 'y cannot be read', '1 is missing')


@pytest.mark.parametrize('claimed', [23, 25, 1 << 40])
def test_storage_of_another_length_is_refused(write, claimed):
    refused(write({'x': part(Storage(SEQUENCE, claimed=claimed), 0, [4], [1])}), 'storage', 'expected')


def test_storage_of_two_types_is_refused(write):
    content = {'x': tensor(SEQUENCE, key='7'), 'y': tensor(SEQUENCE.astype(np.int32), key='7')}
    refused(write(content), 'storage 7 has two types')


def test_one_number_repeated_without_end_is_refused(write):
    refused(write({'x': part(Storage(SEQUENCE), 0, [1 << 20, 1 << 20], [0, 0])}), f'would take {1 << 42:,} bytes')


def test_zip_bomb_is_refused(tmp_path):
    content = {'x': tensor(np.zeros(4 << 20, np.float32))}
    refused(write_zip(str(tmp_path / 'a.pth'), content, compression=zipfile.ZIP_DEFLATED), 'compressed')


@pytest.mark.parametrize('size', [0, 1, 3, 100, 300, -1, -60, -97])
def test_truncated_file_is_refused(write, size):
    path = write(state_dict({'x': SEQUENCE, 'y': SEQUENCE}))
    with open(path, 'r+b') as file:
        file.truncate(size if size >= 0 else os.path.getsize(path) + size)
    refused(path, 'truncated')


def test_changed_number_in_a_zip_is_noticed(tmp_path):
    path = write_zip(str(tmp_path / 'a.pth'), {'x': tensor(SEQUENCE)})
    with open(path, 'rb') as file:
        data = file.read()
    with open(path, 'wb') as file:
        file.write(data.replace(struct.pack('<f', 7), struct.pack('<f', 8)))
    refused(path, 'x cannot be read', 'CRC')


@pytest.mark.parametrize('data', [b'<!DOCTYPE html>', b'\x89HDF\r\n\x1a\n' + bytes(100), pickle.dumps({'a': 1}, 2)])
def test_files_of_other_kinds_are_refused(tmp_path, data):
    path = tmp_path / 'a.pth'
    path.write_bytes(data)
    refused(str(path), 'cannot be read')


@pytest.mark.parametrize('names', [['net/code/x.py'], ['a/data.pkl', 'b/data.pkl'], ['a/b/data.pkl']])
def test_other_zip_archives_are_refused(tmp_path, names):
    path = str(tmp_path / 'a.pth')
    with zipfile.ZipFile(path, 'w') as archive:
        for name in names:
            archive.writestr(name, pickle.dumps({}, 2))
    refused(path, 'without a data.pkl')


HEADER = b''.join(pickle.dumps(header, 2) for header in (0x1950a86a20f9469cfc6c, 1001, {}))


@pytest.mark.parametrize('pickled', [
    b'\x80\x04\x8e' + struct.pack('<Q', 1 << 40) + b'.',       # BINBYTES8
    b'\x80\x04\x95' + struct.pack('<Q', 1 << 40) + b'N.',      # FRAME
    b'\x80\x02Nr' + struct.pack('<I', (1 << 31) - 1) + b'.',   # LONG_BINPUT, an index of the memo
    b'\x80\x02X' + struct.pack('<I', (1 << 32) - 1) + b'.',    # BINUNICODE
    b'\x80\x02})' + b'\x85' * 200000 + b'Ns.',                 # a key that is a tuple of a tuple of ...
    b'\x80\x02})' + b'2\x86' * 60 + b'Ns.',                    # of a tuple twice of a tuple twice of ...
    b'\x80\x02})' + b'q\0h\0\x86' * 60 + b'Ns.',               # the same by the memo
    b'\x80\x02})' + b'q\0(h\0h\0h\0t' * 60 + b'Ns.',
    b'\x80\x02}' + b')q\0' + b'0ctorch._utils\n_rebuild_tensor\n(ctorch\nx\nK\0h\0h\0tRq\0' * 60 + b'Ns.',
    b'\x80\x02' + b']' * 100000 + b'a' * 99999 + b'.'], ids=range(10))
def test_hostile_pickles_are_refused(tmp_path, pickled):
    path = tmp_path / 'a.pth'
    path.write_bytes(HEADER + pickled)
    refused(str(path))


def test_any_changed_byte_gives_weights_or_an_error_for_the_user(write):
    path = write(state_dict({'x': SEQUENCE, 'module.y': tensor(np.ones(3, np.float16))}))
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    for i in range(len(data)):
        with open(path, 'wb') as file:
            file.write(data[:i] + bytes([data[i] ^ 255]) + data[i + 1:])
        try:
            assert all(array.dtype == np.float32 for array in read_pth(path).values())
        except UserError as error:
            assert path in str(error)


def test_each_storage_is_read_once(write):
    storage = Storage(np.zeros(1 << 18, np.float32))
    arrays = read_pth(write({'x': part(storage, 0, [1 << 17], [1]), 'y': part(storage, 1 << 17, [1 << 17], [1])}))
    first, second = (array.__array_interface__['data'][0] for array in arrays.values())
    assert second - first == 4 << 17  # halves of one block of memory


@pytest.mark.parametrize('zipped', [False, True])
def test_numbers_are_those_of_torch_bit_for_bit(tmp_path, zipped):
    torch = pytest.importorskip('torch')
    torch.manual_seed(0)
    base, path = torch.randn(6, 8), str(tmp_path / 'a.pth')
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.BatchNorm2d(5)).state_dict()
    state.update(half=torch.randn(9).half(), brain=torch.randn(3, 7).bfloat16().t(), double=torch.randn(5).double(),
                 long=torch.arange(5), column=base[:, 2], block=base[1:3, ::2], turned=base.t(),
                 trained=torch.nn.Parameter(torch.randn(4)), truth=torch.tensor([True, False]),
                 one=torch.tensor(3.5), empty=torch.zeros(0, 4), repeated=torch.randn(1).expand(5))
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    expected = {name: array.detach().float().numpy() for name, array in torch.load(path, weights_only=True).items()
                if not name.endswith('num_batches_tracked')}
    found = read_pth(path)
    assert list(found) == list(expected)
    for name, array in found.items():
        array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
        assert array.shape == expected[name].shape and array.tobytes() == expected[name].tobytes(), name
