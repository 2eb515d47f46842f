"""Where a new run's weights come from: another checkpoint, a pretrained VGG, or chance."""
import os

from FCN_model import NETS, pretrained_names
from files.errors import UserError
from nets.pretrained import download_pretrained, find_pretrained, read_vgg
from runs.arrays import load_arrays, print_loaded
from runs.checkpoints import find_checkpoint, open_checkpoint


def check_pretrained(pretrained):
    """Raises UserError if --pretrained is neither auto, none, download nor a file or folder that exists."""
    if pretrained not in ('auto', 'none', 'download') and not os.path.exists(pretrained):
        raise UserError(f'--pretrained={pretrained}: there is no such file. Give auto, none, download or the path of '
                        'a VGG weight file.')


def load_initial_weights(session, net, variables, init_from, pretrained, model_dir):
    """Fills the variables of a net that starts anew, and prints what came from where.

    Args:
      init_from: a checkpoint as find_checkpoint takes it, or ''; all that fits by name and shape is loaded.
      pretrained: 'auto' (a VGG file in model_dir, if there is one), 'none', 'download', or a VGG weight file.
    """
    if init_from:
        prefix = find_checkpoint(init_from, init_from)
        reader, shapes = open_checkpoint(prefix)
        names = {variable.op.name: variable.op.name for variable in variables}
        result = load_arrays(session, variables, names, reader.get_tensor, shapes)
        print_loaded(result, prefix)
        if not result.loaded:
            raise UserError(f'--init_from={init_from}: nothing in {prefix} fits net {net}, neither by name nor shape.')
        return
    path = _pretrained_path(pretrained, model_dir, NETS[net].vgg)
    if path:
        load_vgg(session, net, variables, path)


def load_vgg(session, net, variables, path):
    """Loads a pretrained VGG file into the variables of the net it fits."""
    weights = read_vgg(path, depth=NETS[net].vgg)
    arrays = {layer + part: array for layer, pair in weights.layers.items() for part, array in zip('wb', pair)}
    shapes = {name: array.shape for name, array in arrays.items()}
    result = load_arrays(session, variables, pretrained_names(net), arrays.get, shapes)
    print_loaded(result, path)
    if not result.loaded:
        raise UserError(f'--pretrained: no layer of {path} has the shape that the net needs. Published weights fit '
                        'full width only (--width=1).')


def _pretrained_path(pretrained, model_dir, depth):
    if pretrained == 'none':
        return None
    if pretrained == 'download':
        return download_pretrained(model_dir, depth)
    if pretrained != 'auto':
        return pretrained
    path = find_pretrained(model_dir, depth)
    if path is None:
        print(f'warning: no pretrained VGG{depth} in {model_dir}: training from scratch, which takes far longer and '
              'ends lower. --pretrained=download fetches it (500 MB); --pretrained=FILE names one you have.')
    return path
