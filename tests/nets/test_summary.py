"""The table of nets counts plain convolutions, whichever forms this device computes."""
import pytest

from fcn8s.nets.summary import count, print_published
from FCN_model import NETS, build

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


def test_published_nets_are_listed_with_the_scores_of_their_authors(capsys):
    print_published(NETS)
    line, = [line.split() for line in capsys.readouterr().out.splitlines() if 'ade20k-resnet50-upernet' in line]
    assert line[:5] == ['ade20k-resnet50-upernet', 'resnet50_upernet', '0.4044', '0.7980', '257']


def test_published_net_without_a_row_is_not_listed(capsys):
    print_published({'resnet50_upernet': NETS['resnet50_upernet']})
    assert 'ade20k-resnet18dilated' not in capsys.readouterr().out
