"""The table of nets: parameters and multiply-adds of each, counted from its graph, and the published ones."""
from fcn8s.devices import plain_ops
from fcn8s.nets.published import MEASURED, published_rows
from fcn8s.utils.tf1 import tf

SIDE = 512          # height and width of the image that multiply-adds are counted for
NUM_CLASSES = 151   # ADE20K's, with class 0


def print_table(nets, build):
    """Prints a line per row of NETS; build: FCN_model.build."""
    print(f'{"net":30}{"parameters":>14}{"multiply-adds":>16}{"stride":>8}  source')
    for name, net in nets.items():
        parameters, multiply_adds = count(name, build)
        print(f'{name:30}{parameters:>14,}{multiply_adds / 1e9:>14.1f} G{net.stride:>8}  {net.source}')
    print(f'\nFor {NUM_CLASSES} classes; multiply-adds of one forward pass over a {SIDE}x{SIDE} image; stride of the '
          'finest scores.')


def print_published(nets):
    """Prints a line per published net; nets: NETS."""
    print('\nPublished nets of 150 classes, to use without training: python FCN_infer.py --checkpoint=NAME photo.jpg\n'
          f'\n{"NAME":42}{"net":30}{"mean IoU":>9}{"accuracy":>10}{"MB":>6}{"seconds":>9}')
    for name, net in published_rows(nets).items():
        seconds = '-' if net.seconds is None else f'{net.seconds:.2g}'
        print(f'{name:42}{net.row:30}{net.mean_iou:>9.4f}{net.pixel_accuracy:>10.4f}{net.megabytes:>6}{seconds:>9}')
    print("\nMean IoU and pixel accuracy as their authors publish them, on ADE20K's validation photos at one scale; MB "
          f'to download;\n{MEASURED}.')


def count(name, build):
    """Counts (trainable parameters, multiply-adds of plain convolutions) of a net at full width."""
    with tf.Graph().as_default() as graph, plain_ops():
        build(name, tf.placeholder(tf.uint8, [1, SIDE, SIDE, 3]), NUM_CLASSES)
        parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())
        return parameters, sum(map(_multiply_adds, graph.get_operations()))


def _multiply_adds(operation):
    """One per kernel weight and place of the smaller map: the output, or the input of a transposed convolution."""
    if operation.type == 'Conv2D':
        places, kernel = operation.outputs[0], operation.inputs[1]
    elif operation.type == 'Conv2DBackpropInput':
        places, kernel = operation.inputs[2], operation.inputs[1]
    elif operation.type == 'DepthwiseConv2dNative':  # if dilated, of an image cut into a batch of smaller ones
        output, kernel = operation.outputs[0], operation.inputs[1]
        return output.shape[:3].num_elements() * kernel.shape.num_elements()
    else:
        return 0
    return places.shape[1:3].num_elements() * kernel.shape.num_elements()
