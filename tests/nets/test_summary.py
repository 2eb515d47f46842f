"""The table of nets counts plain convolutions, whichever forms this device computes."""
import pytest

from fcn8s.nets.summary import count
from FCN_model import build

# VGG16's channels in and out of each block's 3x3 convolutions, multiplied and summed
BLOCKS = (3 * 64 + 64 * 64, 64 * 128 + 128 * 128, 128 * 256 + 2 * 256 * 256, 256 * 512 + 2 * 512 * 512, 3 * 512 * 512)


def convolutions(sides):
    """Multiply-adds of VGG16's thirteen convolutions at these heights and widths of its blocks."""
    return sum(9 * side ** 2 * products for side, products in zip(sides, BLOCKS))


@pytest.mark.parametrize('net, multiply_adds', [
    ('fcn8s', convolutions((512, 256, 128, 64, 32))
     + 16 ** 2 * (49 * 512 * 4096 + 4096 * 4096 + 4096 * 151)
     + 16 * 16 ** 2 * 151 * 512 + 16 * 32 ** 2 * 512 * 256 + 256 * 64 ** 2 * 256 * 151),
    # without pools 4 and 5, all layers from conv4_1 on are at an eighth of the size; class 0 has no channel
    ('vgg16_dilated8_c1', convolutions((512, 256, 128, 64, 64))
     + 64 ** 2 * (49 * 512 * 4096 + 4096 * 4096 + 4096 * 150))])
def test_multiply_adds_are_those_of_the_plain_convolutions(net, multiply_adds):
    assert count(net, build)[1] == multiply_adds
