"""The FCN family in numpy, written from the papers' and nets' descriptions; and learning four images by heart."""
import numpy as np

from fcn8s.nets.train_op import StepOptions
from fcn8s.utils.tf1 import tf
from FCN_model import NetConfig, ignored_labels, training_graph
from TensorflowUtils import create_session

THIN, CLASSES = 1 / 16, 13


def transposed_by_hand(x, kernel, stride, height, width):
    """Each input pixel adds its value times the kernel to the output, which SAME padding then crops in the middle."""
    batch, rows, columns, _ = x.shape
    size, _, channels, _ = kernel.shape
    whole = np.zeros((batch, (rows - 1) * stride + size, (columns - 1) * stride + size, channels))
    for i in range(rows):
        for j in range(columns):
            patch = np.einsum('bc,hwoc->bhwo', x[:, i, j], kernel)
            whole[:, i * stride:i * stride + size, j * stride:j * stride + size] += patch
    top, left = (whole.shape[1] - height) // 2, (whole.shape[2] - width) // 2
    return whole[:, top:top + height, left:left + width]


def conv(x, kernel, bias):
    size = kernel.shape[0]
    rows, columns = x.shape[1:3]
    x = np.pad(x, [(0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)], 'constant')
    return bias + sum(x[:, i:i + rows, j:j + columns] @ kernel[i, j] for i in range(size) for j in range(size))


def pooled(x, kind):
    """2x2 blocks; an odd last row or column is a block of what there is."""
    rows, columns = (-(-side // 2) for side in x.shape[1:3])
    blocks = [[x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2] for j in range(columns)] for i in range(rows)]
    return np.array([[getattr(block, kind)(axis=(1, 2)) for block in row] for row in blocks]).transpose(2, 0, 1, 3)


def relu(x):
    return np.maximum(x, 0)


def encode(x, w, convs, kinds, last_relu=True):
    pools = []
    for block, (count, kind) in enumerate(zip(convs, kinds), 1):
        for i in range(1, count + 1):
            x = conv(x, w[f'conv{block}_{i}_w'], w[f'conv{block}_{i}_b'])
            x = x if (block, i) == (5, count) and not last_relu else relu(x)
        x = pooled(x, kind)
        pools.append(x)
    return pools[2:]


def up(x, kernel, stride, like, bias=0.):
    return transposed_by_hand(x, kernel, stride, *like.shape[1:3]) + bias


def fcn_decode(image, pools, w, score_relu=False):
    pool3, pool4, pool5 = pools
    fc7 = relu(conv(relu(conv(pool5, w['W6'], w['b6'])), w['W7'], w['b7']))
    score = conv(fc7, w['W8'], w['b8'])
    score = relu(score) if score_relu else score
    fuse4 = up(score, w['W_t1'], 2, pool4, w['b_t1']) + pool4
    fuse3 = up(fuse4, w['W_t2'], 2, pool3, w['b_t2']) + pool3
    return up(fuse3, w['W_t3'], 8, image, w['b_t3'])


def skip_decode(image, pools, w, stride, scales=(1., 1.)):
    pool3, pool4, pool5 = pools
    fc7 = relu(conv(relu(conv(pool5, w['fc6_w'], w['fc6_b'])), w['fc7_w'], w['fc7_b']))
    score = conv(fc7, w['score_fr_w'], w['score_fr_b'])
    if stride == 32:
        return up(score, w['upscore32_w'], 32, image)
    fuse4 = up(score, w['upscore2_w'], 2, pool4, w.get('upscore2_b', 0.))
    fuse4 = fuse4 + conv(scales[1] * pool4, w['score_pool4_w'], w['score_pool4_b'])
    if stride == 16:
        return up(fuse4, w['upscore16_w'], 16, image)
    fuse3 = up(fuse4, w['upscore_pool4_w'], 2, pool3, w.get('upscore_pool4_b', 0.))
    fuse3 = fuse3 + conv(scales[0] * pool3, w['score_pool3_w'], w['score_pool3_b'])
    return up(fuse3, w['upscore8_w'], 8, image, w.get('upscore8_b', 0.))


MEAN = np.array([123.68, 116.779, 103.939])
VGG16, VGG19 = (2, 2, 3, 3, 3), (2, 2, 4, 4, 3)  # VGG19 ends at conv5_3 here
MAX = ('max',) * 5


def by_hand(name, image, w):
    if name == 'fcn8s':
        return fcn_decode(image, encode(image - MEAN, w, VGG16, MAX), w)
    if name == 'fcn8s_ade20k':
        return fcn_decode(image, encode(image, w, VGG19, ('mean',) * 5), w, score_relu=True)
    if name == 'fcn8s_vgg19':
        return fcn_decode(image, encode(image - MEAN, w, VGG19, ('mean',) * 4 + ('max',), last_relu=False), w)
    pools = encode(image - MEAN, w, VGG16, MAX)
    if name == 'fcn8s_at_once':
        return skip_decode(image, pools, w, 8, scales=(0.0001, 0.01))
    return skip_decode(image, pools, w, int(name[3:-len('s_paper')]))


def overfit(name, steps=400, rate=2e-3, options=StepOptions(), enough=0.95):
    """Pixel accuracy on four images after up to `steps` steps on them, until it is more than `enough`."""
    random = np.random.RandomState(1)
    ids = np.zeros((4, 64, 96), np.uint8)
    for i, picture in enumerate(ids):
        picture[:] = 1 + i
        picture[10 + 5 * i:40 + 5 * i, 20:70] = 5 + i
    colours = random.randint(0, 256, (CLASSES, 3))
    images = np.clip(colours[ids] + random.randint(-20, 20, ids.shape + (3,)), 0, 255).astype(np.uint8)
    net = training_graph(NetConfig(name, CLASSES, THIN), options, ignored_labels(name, None))
    feed = {net.images: images, net.annotations: ids, net.encoder_rate: rate, net.decoder_rate: rate}
    accuracy = 0.
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(1, steps + 1):
            session.run(net.train, feed)
            if step % 20 == 0:
                predicted, _, _ = session.run(net.validate, feed)
                accuracy = np.mean(predicted == ids)
                if accuracy > enough:
                    break
    return accuracy
