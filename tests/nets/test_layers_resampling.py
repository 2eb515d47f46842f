"""fcn8s.nets.layers pools into PyTorch's areas and interpolates with aligned corners, at any size."""
import numpy as np
import pytest

from fcn8s.nets.layers import adaptive_avg_pool, resize_bilinear
from fcn8s.utils.tf1 import tf

RANDOM = np.random.RandomState(0)


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 3])


def pooled(x, bins):
    """The definition, area by area."""
    def area(i, length):
        return slice(int(np.floor(i * length / bins)), int(np.ceil((i + 1) * length / bins)))

    return np.array([[[image[area(i, x.shape[1]), area(j, x.shape[2])].mean((0, 1)) for j in range(bins)]
                      for i in range(bins)] for image in x])


def test_areas_overlap_where_they_do_not_divide_the_length(session):
    x = tf.constant(np.array([[1., 2., 4., 8., 16.]], np.float32)[:, None, :, None])  # one row of five
    # thirds of 5: 0..1, 1..3, 3..4
    np.testing.assert_allclose(session.run(adaptive_avg_pool(x, 3))[0, 0, :, 0], [1.5, 14 / 3., 12], rtol=1e-6)


@pytest.mark.parametrize('bins', [1, 2, 3, 6])
def test_pooling_of_any_size_follows_the_definition(session, bins):
    x = placeholder()
    y = adaptive_avg_pool(x, bins)
    assert y.shape.as_list()[1:] == [bins, bins, 3]
    for height, width in ((6, 12), (7, 9), (4, 5), (1, 13)):  # also fewer rows than areas
        values = RANDOM.normal(size=(2, height, width, 3)).astype(np.float32)
        np.testing.assert_allclose(session.run(y, {x: values}), pooled(values, bins), rtol=0, atol=1e-6)


def test_the_gradient_of_pooling_shares_each_area_among_its_pixels(session):
    x = tf.placeholder(tf.float32, [None, None, None, 1])
    gradient = tf.gradients(adaptive_avg_pool(x, 3), x)[0]
    # a column of 5: the areas 0..1, 1..3, 3..4 have 2, 3 and 2 pixels; each of the 3 columns is an area of its own
    expected = np.array([1 / 2., 1 / 2. + 1 / 3., 1 / 3., 1 / 3. + 1 / 2., 1 / 2.])
    found = session.run(gradient, {x: np.zeros((1, 5, 3, 1), np.float32)})[0, :, :, 0]
    np.testing.assert_allclose(found, np.tile(expected[:, None], 3), rtol=1e-6)


@pytest.mark.parametrize('size, target', [((2, 3), (5, 9)), ((5, 4), (8, 4)), ((4, 6), (61, 75)), ((6, 5), (3, 2))])
def test_a_ramp_stays_a_ramp_from_corner_to_corner(session, size, target):
    x, like = placeholder(), placeholder()
    rows, columns = (np.linspace(-1, 3, n)[:, None] for n in size)
    ramp = (rows + 10 * columns.T).astype(np.float32)
    y = session.run(resize_bilinear(x, like), {x: np.tile(ramp[None, :, :, None], (2, 1, 1, 3)),
                                               like: np.zeros((1,) + target + (3,))})
    rows, columns = (np.linspace(-1, 3, n)[:, None] for n in target)
    assert y.shape == (2,) + target + (3,)
    np.testing.assert_allclose(y[1, :, :, 2], rows + 10 * columns.T, rtol=0, atol=1e-4)


def test_a_single_pixel_spreads_over_everything(session):
    x = tf.constant([[[[2., 5.]]]])
    y = session.run(resize_bilinear(x, tf.zeros([1, 3, 4, 1])))
    assert y.shape == (1, 3, 4, 2)
    assert (y == [2, 5]).all()


def test_resizing_gives_float32_whatever_it_takes(session):
    y = resize_bilinear(tf.ones([1, 2, 2, 1], tf.float16), tf.zeros([1, 3, 3, 1]))
    assert y.dtype == tf.float32
    assert (session.run(y) == 1).all()


@pytest.mark.parametrize('height, width', [(8, 12), (7, 9), (4, 6)])
def test_both_and_their_gradients_are_those_of_torch(session, height, width):
    torch = pytest.importorskip('torch')
    values = RANDOM.normal(size=(2, height, width, 3)).astype(np.float32)
    slope = RANDOM.normal(size=(2, 61, 75, 3)).astype(np.float32)
    x = placeholder()
    for bins in (1, 2, 3, 6):
        y = resize_bilinear(adaptive_avg_pool(x, bins), tf.zeros([1, 61, 75, 1]))
        found = session.run([y, tf.gradients(tf.reduce_sum(y * slope), x)[0]], {x: values})
        inputs = torch.tensor(values.transpose(0, 3, 1, 2), requires_grad=True)
        outputs = torch.nn.functional.interpolate(torch.nn.functional.adaptive_avg_pool2d(inputs, bins), (61, 75),
                                                  mode='bilinear', align_corners=True)
        (outputs * torch.tensor(slope.transpose(0, 3, 1, 2))).sum().backward()
        for ours, theirs in zip(found, (outputs.detach(), inputs.grad)):
            np.testing.assert_allclose(ours, theirs.numpy().transpose(0, 2, 3, 1), rtol=1e-4, atol=1e-4)
