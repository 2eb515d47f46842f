"""fcn8s.nets.dilated_heads turns features into scores at full size, and keeps those at the encoder's resolution."""
import numpy as np
import pytest

from fcn8s.nets.dilated_heads import c1_bilinear, psp_bilinear
from fcn8s.nets.layers import CHANGES, Build
from fcn8s.utils.tf1 import tf

HEADS = [c1_bilinear, psp_bilinear]
FEATURES = np.random.RandomState(0).normal(size=(2, 7, 9, 24)).astype(np.float32)


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def build(head, scores=13, width=1 / 16., features=24, **how):
    """(end points, scores but for that of class 0) of a head on images of 61x75."""
    end_points = {'features': tf.placeholder(tf.float32, [None, None, None, features])}
    return end_points, head(end_points, tf.zeros([2, 61, 75, 3]), scores + 1, Build(width, **how)).logits[..., 1:]


def shapes():
    return [(variable.op.name, variable.shape.as_list()) for variable in tf.global_variables()]


def bn(name, channels):
    return [('decoder/%s/bn_%s' % (name, part), [channels]) for part in ('scale', 'bias', 'mean', 'variance')]


def test_the_variables_of_c1(session):
    build(c1_bilinear)
    assert shapes() == [('decoder/conv_last_w', [1, 1, 24, 13])]


def test_the_variables_of_psp(session):
    build(psp_bilinear)
    expected = []
    for level in '0123':
        expected += [('decoder/psp/%s/conv_w' % level, [1, 1, 24, 32])] + bn('psp/' + level, 32)
    expected += [('decoder/conv_last/conv_w', [3, 3, 24 + 4 * 32, 32])] + bn('conv_last', 32)
    expected += [('decoder/conv_last/score_w', [1, 1, 32, 13]), ('decoder/conv_last/score_b', [13])]
    assert shapes() == expected


# on resnet50: the scores; for psp also four levels, and a 3x3 over features and levels, each with scale and bias
@pytest.mark.parametrize('head, expected', [
    (c1_bilinear, 2048 * 150),
    (psp_bilinear, 4 * (2048 * 512 + 2 * 512) + 9 * (2048 + 4 * 512) * 512 + 2 * 512 + 512 * 150 + 150)])
def test_the_number_of_weights_at_full_width(session, head, expected):
    build(head, scores=150, width=1., features=2048)
    assert sum(variable.shape.num_elements() for variable in tf.trainable_variables()) == expected


@pytest.mark.parametrize('head', HEADS)
def test_scores_have_the_size_of_like_and_conv_last_that_of_the_features(session, head):
    end_points, scores = build(head)
    assert scores.shape.as_list()[1:] == [61, 75, 13]
    session.run(tf.global_variables_initializer())
    low, high = session.run([end_points['conv_last'], scores], {end_points['features']: FEATURES})
    assert low.shape == (2, 7, 9, 13) and high.shape == (2, 61, 75, 13)
    np.testing.assert_allclose(high[:, ::60, ::74], low[:, ::6, ::8], rtol=1e-5)  # aligned corners


@pytest.mark.parametrize('head', HEADS)
def test_class_0_is_never_the_likeliest(session, head):
    end_points = {'features': tf.placeholder(tf.float32, [None, None, None, 24])}
    probabilities = tf.nn.softmax(head(end_points, tf.zeros([2, 61, 75, 3]), 14, Build(1 / 16.)).logits)
    session.run(tf.global_variables_initializer())
    found = session.run(probabilities, {end_points['features']: FEATURES})
    assert found.shape == (2, 61, 75, 14) and found[..., 0].max() == 0


@pytest.mark.parametrize('head', HEADS)
def test_a_new_head_starts_at_small_kernels(session, head):
    build(head, features=512)
    session.run(tf.global_variables_initializer())
    for variable in tf.global_variables():
        value = session.run(variable)
        if variable.op.name.endswith('_w'):
            assert 0.0008 < value.std() < 0.0012
        elif variable.op.name.endswith('_scale'):
            assert value.std() > 0 and abs(value - 1).max() < 0.1  # normal, 0.02 around 1
        else:
            assert (value == variable.op.name.endswith('_variance')).all()


@pytest.mark.parametrize('level, bins', enumerate((1, 2, 3, 6)))
def test_each_level_of_the_pyramid_has_its_own_kernel_and_place(session, level, bins):
    end_points, _ = build(psp_bilinear)
    kernel = [variable for variable in tf.global_variables() if variable.op.name == 'decoder/psp/%d/conv_w' % level][0]
    session.run(tf.global_variables_initializer(), {kernel.initializer.inputs[1]: np.zeros((1, 1, 24, 32))})
    names = ('psp1', 'psp2', 'psp3', 'psp6')
    values = session.run([end_points[name] for name in names + ('psp',)], {end_points['features']: FEATURES})
    assert [name for name, value in zip(names, values) if not value.any()] == ['psp%d' % bins]
    assert values[level].shape == (2, bins, bins, 32)
    np.testing.assert_array_equal(values[4][..., :24], FEATURES)
    assert [bool(values[4][..., 24 + 32 * i:][..., :32].any()) for i in range(4)] == [i != level for i in range(4)]


def test_a_tenth_of_the_pyramid_is_dropped(session):
    calls = []

    def drop(x, layer, keep_prob, whole_channels):
        calls.append((layer, keep_prob, whole_channels))
        return x * 0

    end_points, scores = build(psp_bilinear, drop=drop)
    session.run(tf.global_variables_initializer())
    assert calls == [(8, 0.9, True)]
    assert not session.run(scores, {end_points['features']: FEATURES}).any()  # only the bias, 0, is left


def test_training_gathers_the_statistics_of_all_five_normalizations(session):
    build(psp_bilinear, training=True)
    assert len(tf.get_collection(CHANGES)) == 5 * 2


@pytest.mark.parametrize('training', [False, True])
def test_psp_gives_the_values_and_gradients_of_torch(session, training):
    pytest.importorskip('torch')
    import torch_nets
    reference = torch_nets.randomized(torch_nets.Psp(24, 13, hidden=32)).train(training)
    end_points, scores = build(psp_bilinear, training=training)
    torch_nets.load(session, reference)
    inputs = torch_nets.nchw(FEATURES).requires_grad_()
    expected = reference(inputs, (61, 75))
    expected.mean(dim=1).pow(2).sum().backward()
    loss = tf.reduce_sum(tf.reduce_mean(scores, axis=3) ** 2)
    gradients = tf.gradients(loss, end_points['features'])
    found, gradient = session.run([scores] + gradients, {end_points['features']: FEATURES})
    for ours, theirs in ((found, expected), (gradient, inputs.grad)):
        theirs = torch_nets.nhwc(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * abs(theirs).max())


def test_c1_gives_the_values_of_torch(session):
    pytest.importorskip('torch')
    import torch_nets
    reference = torch_nets.randomized(torch_nets.C1(24, 13))
    end_points, scores = build(c1_bilinear)
    torch_nets.load(session, reference)
    expected = torch_nets.nhwc(reference(torch_nets.nchw(FEATURES), (61, 75)))
    np.testing.assert_allclose(session.run(scores, {end_points['features']: FEATURES}), expected, rtol=0, atol=1e-4)
