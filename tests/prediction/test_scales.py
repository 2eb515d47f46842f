"""Probabilities averaged over scales and mirror images."""
import numpy as np
import pytest
from PIL import Image

from fcn8s.prediction.options import Options
from fcn8s.prediction.scales import ShortSide, mean_softmax, most_likely_class, parse_scales, scaled_size
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.tf1 import tf
from FCN_model import NETS, build
from TensorflowUtils import create_session

CLASSES = 5


def photo(height, width):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture(scope='module')
def net():
    """A thin net's (logits, softmax) as functions of images."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(1)
        images = tf.placeholder(tf.uint8, [None, None, None, 3])
        logits, _ = build('fcn8s', images, CLASSES, 1 / 16)
        softmax = tf.nn.softmax(logits)
        session = create_session(graph)
        session.run(tf.global_variables_initializer())
    with session:
        yield tuple(lambda x, fetch=fetch: session.run(fetch, {images: x}) for fetch in (logits, softmax))


def bilinear_matrix(length, new_length):
    """[new_length, length]: the weight of each old pixel in each new one, a triangle around its centre."""
    centres = (np.arange(new_length)[:, None] + 0.5) * length / new_length - 0.5
    centres = np.clip(centres, 0, length - 1)
    return np.maximum(0, 1 - np.abs(centres - np.arange(length)))


@pytest.mark.parametrize('flip', [False, True])
def test_mean_is_that_of_the_resized_softmaxes(net, flip):
    image = photo(64, 96)
    # 0.4: 25.6 and 38.4 -> 32 and 64; 0.7: 44.8 and 67.2 -> 64 and 96, the image itself; 1.4: 89.6, 134.4 -> 96, 160
    expected = np.zeros((64, 96, CLASSES))
    for height, width in ((32, 64), (64, 96), (96, 160)):
        scaled = np.array(Image.fromarray(image).resize((width, height), Image.BILINEAR))
        for mirror in (1, -1) if flip else (1,):
            logits = net[0](scaled[None, :, ::mirror])[0].astype(np.float64)[:, ::mirror]
            exponents = np.exp(logits - logits.max(axis=2, keepdims=True))
            softmax = exponents / exponents.sum(axis=2, keepdims=True)
            expected += np.einsum('Hh,Ww,hwn->HWn', bilinear_matrix(height, 64), bilinear_matrix(width, 96), softmax)
    expected /= 6 if flip else 3
    mean = mean_softmax(net[1], image, (0.4, 0.7, 1.4), flip)
    assert mean.dtype == np.float32 and np.ptp(expected) > 0.01
    np.testing.assert_allclose(mean, expected, atol=2e-6)


def test_scale_1_alone_is_the_softmax_itself(net):
    image = photo(32, 64)
    np.testing.assert_array_equal(mean_softmax(net[1], image), net[1](image[None])[0])


def test_flip_gives_a_mirrored_photo_the_mirrored_prediction(net):
    image = photo(32, 64)
    straight, mirrored = (mean_softmax(net[1], x, (0.5, 1.), flip=True) for x in (image, image[:, ::-1]))
    np.testing.assert_allclose(mirrored, straight[:, ::-1], atol=1e-6)


@pytest.mark.parametrize('given, scale, size', [
    ((64, 96), 0.5, (32, 64)),
    ((320, 640), 1.1, (352, 704)),  # in floating point 1.1 * 320 is above 352
    ((64, 96), 0.01, (32, 32)),
    ((64, 96), 2., (128, 192))])
def test_scaled_sides_are_rounded_up_to_multiples_of_32(given, scale, size):
    seen = []

    def softmax_batch(images):
        seen.append(images.shape[1:3])
        return np.full(images.shape[:3] + (2,), 0.5, np.float32)

    mean_softmax(softmax_batch, photo(*given), (scale,))
    assert seen == [size]


def test_mean_stays_a_distribution_at_every_pixel(net):
    mean = mean_softmax(net[1], photo(64, 32), (0.5, 1., 1.75), flip=True)
    np.testing.assert_allclose(mean.sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize('with_class_0, expected', [(True, [0, 2, 1]), (False, [1, 2, 1])])
def test_most_likely_class_can_exclude_class_0(with_class_0, expected):
    ids = most_likely_class(np.array([[[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]], np.float32), with_class_0)
    assert ids.dtype == np.uint8 and ids.tolist() == [expected]


def test_scales_are_numbers():
    assert parse_scales('0.5, 1,1.25') == (0.5, 1., 1.25)


@pytest.mark.parametrize('text', ['', '0', '-1', 'nan', 'inf', '1,x', '9', '1,', '0.5;1', '300px,1.5', '1001px', '0px',
                                  'px'])
def test_wrong_scales_are_refused(text):
    with pytest.raises(UserError, match=f'--scales={text}: .*0.5,0.75'):
        parse_scales(text)


def test_scales_in_pixels_are_short_sides():
    scales = parse_scales('300px, 450px')
    assert scales == (300, 450) and all(isinstance(scale, ShortSide) for scale in scales)


@pytest.mark.parametrize('size, side, expected', [
    ((480, 640), 300, (304, 400)),     # factor 0.625: 300x400
    ((640, 480), 300, (400, 304)),
    ((500, 2000), 600, (256, 1000)),   # 1000 pixels at most: 250x1000
    ((333, 500), 450, (456, 680))])    # 450/333 * 500 = 675.7, cut to 675
def test_short_side_gives_the_size_that_mit_semseg_takes(size, side, expected):
    assert scaled_size(*size, ShortSide(side)) == expected


def test_scores_of_short_sides_are_asked_for_at_the_size_of_the_photo():
    asked = []

    def softmax(images, size):
        asked.append((images.shape[1:3], size))
        return np.full((1,) + size + (2,), 0.25 * len(asked), np.float32)
    mean = mean_softmax(softmax, photo(47, 69), parse_scales('40px,80px'))
    assert asked == [((40, 64), (47, 69)), ((80, 120), (47, 69))]
    assert mean.shape == (47, 69, 2) and (mean == 0.375).all()


def test_short_sides_are_refused_by_nets_whose_scores_have_the_size_of_the_image():
    options = Options(scales=parse_scales('300px,450px'))
    with pytest.raises(UsageError, match='--scales=300px,450px: the net fcn8s'):
        options.check('fcn8s', NETS['fcn8s'])
    options.check('resnet50_upernet', NETS['resnet50_upernet'])
