"""The rows of mit_semseg's present release beside the package itself: files, probabilities, a training step."""
import numpy as np
import pytest
from PIL import Image

from fcn8s.config import NetOverrides
from fcn8s.nets.train_op import StepOptions
from fcn8s.prediction.scales import parse_scales
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names
from fcn8s.weights.restore import load_source, open_source, restore_for_prediction
from FCN_model import NETS, NetConfig, build, ignored_labels, training_graph
from TensorflowUtils import create_session

torch = pytest.importorskip('torch')
pytest.importorskip('mit_semseg')
import semseg_nets  # noqa: E402

CLASSES = 13
SIZES = ((65, 97), (64, 96), (33, 31))


def photos(size, batch=1):
    return np.random.RandomState(size[0]).randint(0, 256, (batch,) + size + (3,)).astype(np.uint8)


def test_short_sides_give_the_averaged_probabilities_of_the_package(tmp_path):
    nets = semseg_nets.make('resnet18dilated_ppm_deepsup', CLASSES - 1, 8)
    photo = photos((75, 115))[0]
    sizes = (48, 80), (104, 160)  # of 48 and 100 pixels on the short side: int(48 / 75 * 115) = 73, 153
    scaled = [Image.fromarray(photo).resize(size[::-1], Image.Resampling.BILINEAR) for size in sizes]
    expected = sum(semseg_nets.softmax(*nets, np.array(image)[np.newaxis], size=photo.shape[:2])[0]
                   for image in scaled) / 2
    overrides = NetOverrides('resnet18dilated_ppm_deepsup', CLASSES, 1 / 8, None)
    with Segmenter(checkpoint=semseg_nets.save(tmp_path, *nets), overrides=overrides, precision='float32',
                   scales=parse_scales('48px,100px')) as segmenter:
        found = segmenter.predict(photo, argmax=False)
        ids = segmenter.predict(photo)
    assert np.abs(found[..., 1:] - expected).max() <= 1e-5
    assert (ids == expected.argmax(axis=2) + 1).mean() > 0.999  # near ties


def distance(maps, others):
    return max(np.abs(one - other).max() for one, other in zip(maps, others))


@pytest.mark.parametrize('row, divisor', [
    ('mobilenetv2dilated_c1_deepsup', 8), ('resnet18dilated_c1_deepsup', 1), ('resnet18dilated_ppm_deepsup', 1),
    ('resnet50dilated_ppm_deepsup', 8), ('resnet101dilated_ppm_deepsup', 8), ('resnet50_upernet', 8),
    ('resnet101_upernet', 8)])
def test_files_of_the_package_give_its_probabilities(row, divisor, tmp_path):
    nets = semseg_nets.make(row, CLASSES - 1, divisor)
    path = semseg_nets.save(tmp_path, *nets)
    rounded, exact = ([semseg_nets.softmax(*nets, photos(size), dtype) for size in SIZES]
                      for dtype in (torch.float32, torch.float64))
    with tf.Graph().as_default(), create_session() as session:
        images = tf.placeholder(tf.uint8, [None, None, None, 3])
        softmax = tf.nn.softmax(build(row, images, CLASSES, 1 / divisor)[0])
        restore_for_prediction(session, path, tf.global_variables(), CLASSES, row)
        found = [session.run(softmax, {images: photos(size)})[..., 1:] for size in SIZES]
    assert 0.2 < exact[0].max(axis=-1).mean() < 0.9  # neither all alike nor certain
    # MobileNet's random weights amplify rounding: there the package's own float32 is up to 4e-5 off its float64
    assert distance(found, exact) <= max(1e-5, 2 * distance(rounded, exact))


@pytest.mark.parametrize('row, divisor', [
    ('mobilenetv2dilated_c1_deepsup', 8), ('resnet18dilated_c1_deepsup', 8), ('resnet18dilated_ppm_deepsup', 8),
    ('resnet50_upernet', 16)])
def test_a_training_step_is_that_of_the_package(row, divisor, tmp_path):
    annotations = np.random.RandomState(0).randint(0, CLASSES, (2, 64, 96)).astype(np.uint8)
    annotations[:, :24, :30] = 255
    rates, errors = (100., 200.), []
    with tf.Graph().as_default(), create_session() as session:
        net = training_graph(NetConfig(row, CLASSES, 1 / divisor), StepOptions('sgd', weight_decay=1e-4, keep_prob=1.),
                             ignored_labels(row, None))
        names = [variable.op.name for variable in net.variables]
        # UPerNet's pyramid normalizes maps of 2x3 values: there torch's own float32 is a fifth off its float64.
        exact = 'inference/decoder/fusion' if row.endswith('upernet') else 'inference/'
        compared = {name: theirs for name, theirs in torch_names(names).items()
                    if name.startswith(exact) and name.endswith(('_w', '_b', '_scale', '_bias'))}
        for seed in range(8):  # a ReLU6 that rounding flips moves all gradients by a percent, but not on every photo
            images = np.random.RandomState(seed).randint(0, 256, (2, 64, 96, 3)).astype(np.uint8)
            encoder, decoder = semseg_nets.make(row, CLASSES - 1, divisor)
            path = semseg_nets.save(tmp_path, encoder, decoder)
            theirs = semseg_nets.trained(encoder, decoder, images, annotations, NETS[row].stride, rates)
            session.run(tf.global_variables_initializer())
            assert not load_source(session, path, net.variables, open_source(path, names)).untouched
            before = dict(zip(names, session.run(net.variables)))
            _, loss = session.run([net.train, net.loss], {
                net.images: images, net.annotations: annotations, net.encoder_rate: rates[0],
                net.decoder_rate: rates[1]})
            after = dict(zip(names, session.run(net.variables)))
            assert loss == pytest.approx(theirs.loss, rel=1e-5)
            errors.append(max(np.abs(after[ours] - before[ours] - theirs.updates[their_name]).max()
                              / (np.abs(theirs.updates[their_name]).max() + 1)  # the true gradient of some biases is 0
                              for ours, their_name in compared.items()))
            if errors[-1] < 1e-3:
                break
    assert min(errors) < 1e-3, errors
