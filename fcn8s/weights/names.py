"""Other people's names for the variables of our nets."""
import re

from fcn8s.nets.vgg import CONVS
from fcn8s.utils.errors import UserError

TF_LAYERS_NET = 'fcn8s_ade20k'  # the row whose variables tf.layers named in FCN-tensorflow-ADE20k
CONV5_4 = r'inference/conv5_4_[wb]$'     # FCN.tensorflow creates but never uses them
DEEPSUP = r'inference/decoder/(cbr|conv_last)_deepsup(/|_[wb]$)'  # deep supervision is for training alone
LAYERS = {'W6': 'conv6', 'W7': 'conv7', 'W8': 'conv8', 'W_t1': 'conv2d_transpose', 'W_t2': 'conv2d_transpose_1',
          'W_t3': 'conv2d_transpose_2'}


def is_unused(net, name):
    """Whether a checkpoint of a net, a row of NETS, may hold this array that predictions have no use for."""
    pattern = CONV5_4 if net == 'fcn8s_vgg19' else DEEPSUP if (net or '').endswith('_deepsup') else None
    return pattern is not None and re.match(pattern, name) is not None


def tf_layers_name(variable_name):
    """'conv1_1/kernel' for 'inference/conv1_1_w', as tf.layers names it; None for a variable of other nets."""
    name = variable_name.split('/')[-1]
    match = re.match(r'(conv\d_\d)_([wb])$', name)
    if match:
        return match.group(1) + {'w': '/kernel', 'b': '/bias'}[match.group(2)]
    layer = LAYERS.get('W' + name[1:])
    return layer and layer + ('/kernel' if name[0] == 'W' else '/bias')


PARTS = {'w': 'weight', 'b': 'bias', 'scale': 'weight', 'bias': 'bias', 'mean': 'running_mean',
         'variance': 'running_var'}
# Layers that PyTorch counts inside an nn.Sequential: (ours, theirs)
SEQUENTIAL = ((r'^(psp|ppm)\.(\d)\.conv$', r'\1.\2.1'), (r'^(psp|ppm)\.(\d)\.bn$', r'\1.\2.2'),
              (r'^conv_last\.score$', 'conv_last.4'), (r'^fusion\.score$', 'conv_last.1'),
              (r'^fusion\b', 'conv_last.0'), (r'^(fpn_out\.\d)\b', r'\1.0'),
              (r'^features\.1\.depthwise', 'features.1.conv.0'), (r'^features\.1\.project', 'features.1.conv.3'),
              (r'\.expand', '.conv.0'), (r'\.depthwise', '.conv.3'), (r'\.project', '.conv.6'),
              (r'\.conv\.0_bn$', '.conv.1'), (r'\.conv\.3_bn$', '.conv.4'), (r'\.conv\.6_bn$', '.conv.7'),
              (r'\.conv$', '.0'), (r'\.bn$', '.1'))
POOLED = (1, 2, 3)  # blocks of the dilated VGG followed by a pool, which counts as a layer of `features`
SAVE_AGAIN = 'save it with torch.save(net.state_dict(), path)'


def check_stem(path, arrays, names):
    """Raises UserError for a ResNet with another stem, and for torchvision's VGG. names: what torch_names returned."""
    if 'conv6.weight' in names.values() and 'classifier.0.weight' in arrays:
        raise UserError(f'{path} is a VGG of torchvision, which counts one pool more than the dilated nets. Give it '
                        f'with --pretrained={path}, which knows its layers.')
    stem = arrays.get('conv1.weight')
    if 'conv1.weight' in names.values() and stem is not None and stem.shape[:2] == (7, 7):
        raise UserError(f'{path} is a ResNet that begins with one 7x7 convolution, as in torchvision; the dilated '
                        'nets begin with three 3x3 ones. Give --pretrained=download, or a file of '
                        'semantic-segmentation-pytorch.')


def torch_names(variable_names, found=()):
    """{name of a variable of a dilated net: its name in the encoder's or decoder's state_dict}.

    Scopes around encoder/ and decoder/ are ignored, and names outside them left out. The names must be those of the
    whole net, because VGG16 and VGG19 number their layers differently. found: the names in a file, which may be of a
    later release, whose nets of 2017 say 'ppm.' where their own files say 'psp.'.
    """
    layers = {name: re.search(r'(?:^|/)(?:encoder|decoder)/(.+)_([a-z]+)$', name) for name in variable_names}
    layers = {name: match.groups() for name, match in layers.items() if match and match.group(2) in PARTS}
    depth = 19 if any(layer == 'conv3_4' for layer, _ in layers.values()) else 16
    features = _vgg_features(depth)
    names = {name: '%s.%s' % (features.get(layer) or _sequential(layer), PARTS[part])
             for name, (layer, part) in layers.items()}
    later = {name: re.sub(r'^psp\.', 'ppm.', theirs) for name, theirs in names.items()}
    return {name: later[name] if theirs not in found and later[name] in found else theirs
            for name, theirs in names.items()}


def _vgg_features(depth):
    """{'conv1_1': 'features.0', ...}: a ReLU follows each convolution, a pool each of the first blocks."""
    names, index = {}, 0
    for block, convs in enumerate(CONVS[depth], 1):
        for i in range(1, convs + 1):
            names['conv%d_%d' % (block, i)] = 'features.%d' % index
            index += 2
        index += block in POOLED
    return names


def _sequential(layer):
    layer = layer.replace('/', '.')
    for ours, theirs in SEQUENTIAL:
        layer = re.sub(ours, theirs, layer)
    return layer
