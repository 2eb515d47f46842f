"""Writes a thin VGG as each of the published weight files has it, from one set of Caffe blobs.

A blob of a convolution is [out, in, h, w] and takes BGR; one of a fully connected layer is [out, in * h * w].
Each writer goes the way of the program that made the published file.
"""
import os
from collections import OrderedDict

import numpy as np
import pytest
import torch_files

TORCHVISION = {16: (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),  # numbers of the convolutions in `features`
               19: (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)}
COUNTS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def caffe_blobs(depth=16, thinner=16, top=True):
    """OrderedDict of layer -> (kernel blob, bias blob), float32 normal noise, all channels divided by `thinner`."""
    random = np.random.RandomState(depth)
    shapes, channels = OrderedDict(), 3
    for block, (count, width) in enumerate(zip(COUNTS[depth], (64, 128, 256, 512, 512)), 1):
        for i in range(1, count + 1):
            shapes[f'conv{block}_{i}'] = (width // thinner, channels, 3, 3)
            channels = width // thinner
    if top:
        wide = 4096 // thinner
        shapes.update([('fc6', (wide, channels * 49)), ('fc7', (wide, wide)), ('fc8', (10, wide))])
    return OrderedDict((name, (random.standard_normal(shape).astype(np.float32),
                               random.standard_normal(shape[:1]).astype(np.float32)))
                       for name, shape in shapes.items())


def convolutions(blobs):
    """What read_vgg should return for the blobs: fc6 as 7x7 and fc7 as 1x1 convolution, RGB, no fc8."""
    layers = OrderedDict()
    for name, (blob, bias) in blobs.items():
        if name == 'fc8':
            continue
        size = {'fc6': 7, 'fc7': 1}.get(name, 3)
        planes = blob.reshape(len(blob), -1, size, size)
        kernel = np.empty((size, size, planes.shape[1], len(blob)), np.float32)
        for y in range(size):
            for x in range(size):
                kernel[y, x] = planes[:, :, y, x].T
        layers[name] = (kernel[:, :, [2, 1, 0]] if name == 'conv1_1' else kernel), bias
    return layers


def write_mat(path, blobs, release='new'):
    """As MatConvNet has it; release: 'new' (meta), 'beta16' or 'oldest' (filters, biases).

    Kernels are [height, width, in, out], as utils/import-caffe.py writes them.
    """
    from scipy.io import savemat
    structs = []
    for name, (blob, bias) in blobs.items():
        size = {'fc6': 7}.get(name, 3 if name.startswith('conv') else 1)
        kernel = blob.reshape(len(blob), -1, size, size).transpose(2, 3, 1, 0)
        kernel = kernel[:, :, ::-1] if name == 'conv1_1' else kernel
        weights = np.empty((1, 2), object)
        weights[0, 0], weights[0, 1] = kernel, bias.reshape(1, -1)
        if release == 'new':
            struct = OrderedDict([('name', name), ('type', 'conv'), ('weights', weights), ('pad', np.ones((1, 4)))])
        elif release == 'beta16':
            struct = OrderedDict([('weights', weights), ('pad', np.ones((1, 4))), ('type', 'conv'), ('name', name)])
        else:
            struct = OrderedDict([('filters', kernel), ('biases', bias.reshape(1, -1)), ('name', name)])
        structs += [struct, OrderedDict([('type', 'relu'), ('name', 'relu' + name[4:]), ('weights', np.empty((0, 0)))])]
    layers = np.empty((1, len(structs)), object)
    layers[0, :] = structs
    about = {'normalization': {'averageImage': np.full((1, 1, 3), 120.)}}
    savemat(path, dict({'meta': about} if release == 'new' else about, layers=layers))
    return path


def kaffe_layers(blobs):
    """{layer: [kernel, bias]} as caffe-tensorflow's DataReshaper makes it: BGR, fc6 two-dimensional."""
    layers = OrderedDict()
    for name, (blob, bias) in blobs.items():
        if name == 'fc6':
            kernel = blob.reshape(len(blob), -1, 7, 7).transpose(2, 3, 1, 0).reshape(-1, len(blob))
        else:
            kernel = blob.transpose(2, 3, 1, 0) if blob.ndim == 4 else blob.T
        layers[name] = [kernel, bias]
    return layers


def write_npy(path, blobs, nested=False):
    layers = kaffe_layers(blobs)
    if nested:
        layers = {name: {'weights': kernel, 'biases': bias} for name, (kernel, bias) in layers.items()}
    return save_object(path, dict(layers))


def save_object(path, value):
    array = np.empty((), object)
    array[()] = value
    np.save(path, array, allow_pickle=True)
    return path


def write_npz(path, blobs):
    """As vgg16_weights.npz has it: conv1_1 takes RGB."""
    arrays = {}
    for name, (kernel, bias) in kaffe_layers(blobs).items():
        arrays[name + '_W'] = kernel[:, :, ::-1] if name == 'conv1_1' else kernel
        arrays[name + '_b'] = bias
    np.savez(path, **arrays)
    return path


def write_h5(path, blobs, keys='{0}/{0}_{1}_1:0', group=None):
    """As Keras does; keys: the path of an array, from layer and 'W' or 'b'; group: what a whole model adds above."""
    import h5py
    with h5py.File(path, 'w') as file:
        root = file.create_group(group) if group else file
        root.create_group('block1_pool')
        for name, (kernel, bias) in kaffe_layers(blobs).items():
            layer = {'fc6': 'fc1', 'fc7': 'fc2', 'fc8': 'predictions'}.get(name)
            layer = layer or 'block' + name[4:].replace('_', '_conv')
            root[keys.format(layer, 'W')] = kernel
            root[keys.format(layer, 'b')] = bias
    return path


def write_saved_model(path, blobs, tag='vgg16', tensors=('image_input', 'keep_prob', 'layer3_out', 'layer4_out',
                                                         'layer7_out')):
    """As the convolutional VGG16 of fcn8s_tensorflow has it; the tensors only bear their names."""
    from fcn8s.utils.tf1 import tf
    with tf.Graph().as_default(), tf.Session() as session:
        for name in tensors:
            tf.placeholder(tf.float32, name=name)
        for name, (kernel, bias) in kaffe_layers(blobs).items():
            shape = {'fc6': (7, 7, -1, len(bias)), 'fc7': (1, 1, -1, len(bias))}.get(name, kernel.shape)
            part = 'weights' if name.startswith('fc') else 'filter'
            tf.Variable(kernel.reshape(shape), name=f'{name}/{part}')
            tf.Variable(bias, name=f'{name}/biases')
        session.run(tf.global_variables_initializer())
        builder = tf.saved_model.builder.SavedModelBuilder(path)
        builder.add_meta_graph_and_variables(session, [tag])
        builder.save()
    return path


def cut(path, part=0.6):
    """Truncates a file to a part of its bytes."""
    with open(path, 'r+b') as file:
        file.truncate(int(os.path.getsize(path) * part))
    return path


def write_torchvision(path, blobs):
    """As torchvision has it: features.N and classifier.N, conv1_1 takes RGB."""
    depth = 19 if 'conv3_4' in blobs else 16
    layers = [f'conv{block}_{i}' for block, count in enumerate(COUNTS[depth], 1) for i in range(1, count + 1)]
    names = dict(zip(layers, map('features.{}'.format, TORCHVISION[depth])), fc6='classifier.0', fc7='classifier.3',
                 fc8='classifier.6')
    arrays = {}
    for layer, (blob, bias) in blobs.items():
        arrays[names[layer] + '.weight'] = blob[:, ::-1] if layer == 'conv1_1' else blob
        arrays[names[layer] + '.bias'] = bias
    return torch_files.write_stream(path, torch_files.state_dict(arrays))


WRITERS = {
    'new.mat': write_mat,
    'beta16.mat': lambda path, blobs: write_mat(path, blobs, 'beta16'),
    'oldest.mat': lambda path, blobs: write_mat(path, blobs, 'oldest'),
    'lists.npy': write_npy,
    'dicts.npy': lambda path, blobs: write_npy(path, blobs, nested=True),
    'vgg16_weights.npz': write_npz,
    'keras1.h5': write_h5,
    'keras2.h5': lambda path, blobs: write_h5(path, blobs, '{0}/{0}/{1}:0'),
    'model.h5': lambda path, blobs: write_h5(path, blobs, '{0}/{0}/{1}:0', 'model_weights'),
    'torchvision.pth': write_torchvision,
    'vgg16': write_saved_model,
}


def write(folder, name, blobs):
    """The path of the blobs written to folder in the format that WRITERS has for the name."""
    if name.endswith('.h5'):
        pytest.importorskip('h5py')
    if name == 'vgg16':
        pytest.importorskip('tensorflow')
    return WRITERS[name](str(folder / name), blobs)
