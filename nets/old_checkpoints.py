"""What the checkpoints of FCN-tensorflow-ADE20k and FCN.tensorflow hold beside, or in place of, a row's variables.

FCN.tensorflow's own names are those of the rows, and PyTorch's stand in nets.torch_weights.
"""
import re

TF_LAYERS_NET = 'fcn8s_ade20k'  # the row whose variables tf.layers named in FCN-tensorflow-ADE20k
UNUSED = {'fcn8s_vgg19': ('inference/conv5_4_w', 'inference/conv5_4_b')}  # FCN.tensorflow makes them for nothing
LAYERS = {'W6': 'conv6', 'W7': 'conv7', 'W8': 'conv8', 'W_t1': 'conv2d_transpose', 'W_t2': 'conv2d_transpose_1',
          'W_t3': 'conv2d_transpose_2'}


def tf_layers_name(variable_name):
    """'conv1_1/kernel' for 'inference/conv1_1_w', as tf.layers names it; None for a variable that no such net has."""
    name = variable_name.split('/')[-1]
    match = re.match(r'(conv\d_\d)_([wb])$', name)
    if match:
        return match.group(1) + {'w': '/kernel', 'b': '/bias'}[match.group(2)]
    layer = LAYERS.get('W' + name[1:])
    return layer and layer + ('/kernel' if name[0] == 'W' else '/bias')
