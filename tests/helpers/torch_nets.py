"""The dilated nets as PyTorch modules whose state_dicts carry semantic-segmentation-pytorch's names.

Needs torch: import it behind pytest.importorskip('torch').
"""
import torch
from torch import nn
from torch.nn import functional

from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names

torch.set_num_threads(1)  # several wait for each other far longer than nets as thin as these compute

# of layer1 to layer4, by output stride: strides, dilations of (the first 3x3, the others)
STRIDES = {8: (1, 2, 1, 1), 16: (1, 2, 2, 1)}
DILATIONS = {8: ((1, 1), (1, 1), (1, 2), (2, 4)), 16: ((1, 1), (1, 1), (1, 1), (1, 2))}


def conv3x3(inputs, outputs, stride=1, dilation=1):
    return nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, channels, stride, dilations, downsample):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, channels, stride, dilations[0]), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv3x3(channels, channels, 1, dilations[1]), nn.BatchNorm2d(channels)
        self.downsample = downsample

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, channels, stride, dilations, downsample):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv3x3(channels, channels, stride, dilations[0]), nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = nn.Conv2d(channels, 4 * channels, 1, bias=False), nn.BatchNorm2d(4 * channels)
        self.downsample = downsample

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self, depth, output_stride, base):
        """base: channels of the stem, 64 at full width."""
        super().__init__()
        self.conv1, self.bn1 = conv3x3(3, base, 2), nn.BatchNorm2d(base)
        self.conv2, self.bn2 = conv3x3(base, base), nn.BatchNorm2d(base)
        self.conv3, self.bn3 = conv3x3(base, base), nn.BatchNorm2d(base)
        block, inputs = {34: BasicBlock, 50: Bottleneck}[depth], base
        for i, count in enumerate((3, 4, 6, 3)):
            channels = base * 2 ** i
            outputs = channels * block.expansion
            stride, (first, others) = STRIDES[output_stride][i], DILATIONS[output_stride][i]
            down = None
            if i > 0 or inputs != outputs:
                down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            blocks = [block(inputs, channels, stride, (first, others), down)]
            blocks += [block(outputs, channels, 1, (others, others), None) for _ in range(count - 1)]
            setattr(self, 'layer%d' % (i + 1), nn.Sequential(*blocks))
            inputs = outputs

    def forward(self, x):
        for i in '123':
            x = torch.relu(getattr(self, 'bn' + i)(getattr(self, 'conv' + i)(x)))
        x = functional.max_pool2d(x, 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Vgg(nn.Module):
    def __init__(self, depth, base):
        """base: channels of block 1, 64 at full width."""
        super().__init__()
        deep = {16: 3, 19: 4}[depth]
        layers, inputs = [], 3
        for block, (count, channels) in enumerate(zip((2, 2, deep, deep, deep), (1, 2, 4, 8, 8)), 1):
            dilation = 2 if block == 5 else 1
            for _ in range(count):
                layers += [nn.Conv2d(inputs, base * channels, 3, 1, dilation, dilation), nn.ReLU()]
                inputs = base * channels
            if block <= 3:
                layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.conv6 = nn.Conv2d(8 * base, 64 * base, 7, 1, 12, 4)
        self.conv7 = nn.Conv2d(64 * base, 64 * base, 1)

    def forward(self, x):
        return torch.relu(self.conv7(torch.relu(self.conv6(self.features(x)))))


class C1(nn.Module):
    def __init__(self, inputs, scores):
        super().__init__()
        self.conv_last = nn.Conv2d(inputs, scores, 1, bias=False)

    def forward(self, x, size):
        return functional.interpolate(self.conv_last(x), size, mode='bilinear', align_corners=True)


class Psp(nn.Module):
    def __init__(self, inputs, scores, hidden):
        """hidden: 512 at full width."""
        super().__init__()
        self.psp = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(bins), nn.Conv2d(inputs, hidden, 1, bias=False),
                          nn.BatchNorm2d(hidden), nn.ReLU()) for bins in (1, 2, 3, 6))
        self.conv_last = nn.Sequential(conv3x3(inputs + 4 * hidden, hidden), nn.BatchNorm2d(hidden), nn.ReLU(),
                                       nn.Identity(), nn.Conv2d(hidden, scores, 1))  # Identity: the dropout's place

    def forward(self, x, size):
        levels = [functional.interpolate(level(x), x.shape[2:], mode='bilinear', align_corners=True)
                  for level in self.psp]
        return functional.interpolate(self.conv_last(torch.cat([x] + levels, 1)), size, mode='bilinear',
                                      align_corners=True)


def randomized(module, seed=0):
    """The module in eval mode, its weights and statistics such that no layer is like another."""
    torch.manual_seed(seed)
    for name, array in module.state_dict().items():
        if array.ndim == 4:
            nn.init.normal_(array, std=(2. / array[0].numel()) ** 0.5)
        elif name.endswith('running_var') or (name.endswith('weight') and array.ndim == 1):
            nn.init.uniform_(array, 0.5, 1.5)
        elif array.ndim == 1:
            nn.init.normal_(array, std=0.1)
    return module.eval()


def assign(session, arrays):
    """Gives the variables called so these values, all in one run, which hundreds of Variable.load are far from."""
    variables = [variable for variable in tf.global_variables() if variable.op.name in arrays]
    session.run([variable.initializer for variable in variables],
                {variable.initializer.inputs[1]: arrays[variable.op.name] for variable in variables})


def load(session, *modules):
    """Gives the variables of the session's graph the modules' weights; each must have its counterpart."""
    state = {name: array.numpy() for module in modules for name, array in module.state_dict().items()
             if not name.endswith('num_batches_tracked')}
    names = torch_names(variable.op.name for variable in tf.global_variables())
    assert sorted(names.values()) == sorted(state)
    arrays = {name: state[torch_name] for name, torch_name in names.items()}
    assign(session, {name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
                     for name, array in arrays.items()})


def nchw(array):
    return torch.from_numpy(array.transpose(0, 3, 1, 2).copy())


def nhwc(tensor):
    return tensor.detach().numpy().transpose(0, 2, 3, 1)
