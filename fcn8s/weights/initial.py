"""Initial weights of a new run: from another checkpoint, a pretrained VGG, or random."""
import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.weights.restore import find_weights, load_arrays, load_source, open_source, print_loaded, read_found
from fcn8s.weights.vgg import download_pretrained, find_pretrained, read_vgg
from FCN_model import NETS, pretrained_names


def load_initial_weights(session, net, variables, init_from, pretrained, model_dir):
    """Fills the variables of a new run's net and prints the source of each.

    Args:
      net: NetConfig.
      init_from: weights for find_weights, or ''; loads all arrays that fit by name and shape.
      pretrained: 'auto' (a VGG file in model_dir, if it holds one and the width is 1, the only one that published
        weights fit), 'none', 'download', or a VGG weight file.
    """
    if init_from:
        path = find_weights(init_from, '', '--init_from', alone=True)
        names = [variable.op.name for variable in variables]
        path, result = read_found(path, lambda found: load_source(session, found, variables, open_source(found, names)),
                                  init_from, '', '--init_from', alone=True)
        print_loaded(result, path)
        if not result.loaded:
            raise UserError(f'--init_from={init_from}: nothing in {path} fits net {net.net} by name and shape.')
        return
    if pretrained == 'auto' and NETS[net.net].vgg is None:
        print(f'warning: net {net.net} is not built on VGG: training from scratch. --init_from starts it from a ResNet '
              'of PyTorch (.pth) or from a checkpoint.')
        return
    if pretrained == 'auto' and net.width != 1:
        print(f'training from scratch: published weights fit --width=1 only, not --width={net.width:g}')
        return
    path = _pretrained_path(pretrained, model_dir, NETS[net.net].vgg)
    if path:
        load_vgg(session, net.net, variables, path)


def load_vgg(session, net, variables, path):
    """Loads a pretrained VGG file into the variables of a net built on VGG."""
    weights = read_vgg(path, depth=NETS[net].vgg)
    arrays = {layer + part: array for layer, pair in weights.layers.items() for part, array in zip('wb', pair)}
    # VGG was trained on pixels minus their mean; a net that also divides by the deviation needs larger kernels
    arrays['conv1_1w'] = arrays['conv1_1w'] * np.reshape(NETS[net].std, [3, 1]).astype(np.float32)
    shapes = {name: array.shape for name, array in arrays.items()}
    result = load_arrays(session, variables, pretrained_names(net), arrays.get, shapes)
    print_loaded(result, path)
    if not result.loaded:
        raise UserError(f'--pretrained: no layer of {path} has the shape that the net needs. Published weights fit '
                        'full width only (--width=1).')


def _pretrained_path(pretrained, model_dir, depth):
    """Returns the VGG file that --pretrained names, or None to train from scratch."""
    if pretrained == 'none':
        return None
    if pretrained == 'download':
        return download_pretrained(model_dir, depth)
    if pretrained != 'auto':
        return pretrained
    path = find_pretrained(model_dir, depth)
    if path is None:
        print(f'warning: no pretrained VGG{depth} in {model_dir}: training from scratch, which takes far longer and '
              'scores lower. --pretrained=download fetches it (500 MB); --pretrained=FILE names one you have.')
    return path
