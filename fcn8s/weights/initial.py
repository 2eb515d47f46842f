"""Initial weights of a new run: from another checkpoint, a published encoder, or random."""
import functools

import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.weights.encoders import ENCODERS, download_encoder, encoder_name, file_names, find_encoder
from fcn8s.weights.restore import find_weights, load_arrays, load_source, open_source, print_loaded, read_found
from fcn8s.weights.vgg import read_vgg
from FCN_model import NETS, pretrained_names


def load_initial_weights(session, net, variables, init_from, pretrained, model_dir, fix_bn=False):
    """Fills the variables of a new run's net and prints the source of each.

    Args:
      net: NetConfig.
      init_from: weights for find_weights, or ''; loads all arrays that fit by name and shape.
      pretrained: 'auto' (a published encoder in model_dir, if it holds one and the width is 1, the only one that
        published weights fit), 'none', 'download', or a file: of VGG, or for a ResNet or MobileNet a .pth of PyTorch.
      fix_bn: whether batch normalization keeps the averages that are loaded.
    """
    if fix_bn and not init_from:
        print('warning: --fix_bn from scratch: batch normalization does nothing. Give --init_from too')
    if init_from:
        path = find_weights(init_from, '', '--init_from', alone=True)
        names = [variable.op.name for variable in variables]
        path, result = read_found(path, lambda found: load_source(session, found, variables, open_source(found, names)),
                                  init_from, '', '--init_from', alone=True)
        print_loaded(result, path)
        if not result.loaded:
            raise UserError(f'--init_from={init_from}: nothing in {path} fits net {net.net} by name and shape.')
        return
    if pretrained == 'auto' and net.width != 1:
        print(f'training from scratch: published weights fit --width=1 only, not --width={net.width:g}')
        return
    path = _pretrained_path(pretrained, model_dir, net.net, variables)
    if path:
        (load_vgg if NETS[net.net].vgg else load_encoder)(session, net.net, variables, path)


def load_encoder(session, net, variables, path):
    """Loads a .pth file that holds the encoder of a net. Raises UserError unless every name and shape fits."""
    print_loaded(load_source(session, path, variables, open_encoder(net, variables, path)), path)


def open_encoder(net, variables, path):
    """The Source of a .pth file. Raises UserError unless it holds the net's encoder, every name, shape and number."""
    shapes = {v.op.name: tuple(v.shape.as_list()) for v in variables if v.op.name.startswith('inference/encoder/')}
    source = open_source(path, [variable.op.name for variable in variables])
    published = encoder_name(net)
    ignored = ENCODERS[published].ignored if published else ()
    wrong = [f'{name} is not in it' for name in shapes if name not in source.shapes]
    wrong += [f'{name} has shape {list(source.shapes[name])}, the net needs {list(shape)}'
              for name, shape in shapes.items() if tuple(source.shapes.get(name, shape)) != shape]
    wrong += [f'the net has no {name}' for name in source.unused if not name.startswith(ignored)]
    if wrong:
        raise UserError(f'{path} does not hold the encoder of net {net}: {"; ".join(wrong[:3])}. Published weights fit '
                        'full width only (--width=1). Give the encoder of this net, or --init_from to load what fits.')
    return source


def load_vgg(session, net, variables, path):
    """Loads a pretrained VGG file into the variables of a net built on VGG."""
    weights = read_vgg(path, depth=NETS[net].vgg)
    arrays = {layer + part: array for layer, pair in weights.layers.items() for part, array in zip('wb', pair)}
    # Caffe's VGG was trained on pixels minus their mean; a net that also divides by the deviation needs larger kernels
    factor = np.divide(NETS[net].std, weights.std)
    arrays['conv1_1w'] = arrays['conv1_1w'] * np.reshape(factor, [3, 1]).astype(np.float32)
    shapes = {name: array.shape for name, array in arrays.items()}
    result = load_arrays(session, variables, pretrained_names(net), arrays.get, shapes)
    print_loaded(result, path)
    if not result.loaded:
        raise UserError(f'--pretrained: no layer of {path} has the shape that the net needs. Published weights fit '
                        'full width only (--width=1).')


def _pretrained_path(pretrained, model_dir, net, variables):
    """Returns the file that --pretrained names for a row of NETS, or None to train from scratch."""
    name = encoder_name(net)
    if pretrained == 'none':
        return None
    if pretrained not in ('auto', 'download'):
        return pretrained
    if name is None:
        print('warning: no weights are published for this net: training from scratch')
        return None
    if pretrained == 'download':
        return download_encoder(name, model_dir, functools.partial(open_encoder, net, variables))
    path = find_encoder(name, model_dir)
    if path is None:
        print(f'warning: no {file_names(name)[0]} in {model_dir}: training from scratch, which takes far longer and '
              f'scores lower. --pretrained=download fetches it ({ENCODERS[name].megabytes} MB); --pretrained=FILE '
              'names one you have.')
    return path
