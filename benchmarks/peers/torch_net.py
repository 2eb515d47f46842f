"""fcn8s written plainly for PyTorch: the net that torch_step.py times and openvino_step.py converts."""
import torch
from torch import nn
from torch.nn import functional as F

MEAN_RGB = (123.68, 116.779, 103.939)
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # VGG16: convolutions and their channels
DROP = 0.2


class FCN8s(nn.Module):
    """Scores [B, N, H, W] of photos uint8 [B, H, W, 3], height and width multiples of 32.

    Its parameters stand in the order of the layers, each layer's weight before its bias.
    """

    def __init__(self, num_classes, net_width=1.):
        super().__init__()

        def scaled(channels):
            return max(1, int(round(channels * net_width)))

        before, blocks = 3, []
        for convs, channels in BLOCKS:
            layers = []
            for _ in range(convs):
                layers += [nn.Conv2d(before, scaled(channels), 3, padding=1), nn.ReLU(inplace=True)]
                before = scaled(channels)
            blocks.append(nn.Sequential(*layers, nn.MaxPool2d(2)))
        self.blocks = nn.ModuleList(blocks)
        self.fc6 = nn.Conv2d(before, scaled(4096), 7, padding=3)
        self.fc7 = nn.Conv2d(scaled(4096), scaled(4096), 1)
        self.score_fr = nn.Conv2d(scaled(4096), num_classes, 1)
        self.upscore2 = nn.ConvTranspose2d(num_classes, scaled(512), 4, 2, padding=1)
        self.upscore_pool4 = nn.ConvTranspose2d(scaled(512), scaled(256), 4, 2, padding=1)
        self.upscore8 = nn.ConvTranspose2d(scaled(256), num_classes, 16, 8, padding=4)
        self.register_buffer('mean', torch.tensor(MEAN_RGB).view(1, 3, 1, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)  # keeps the size of activations

    def forward(self, photos):
        x, pools = photos.permute(0, 3, 1, 2).float() - self.mean, []
        for block in self.blocks:
            x = block(x)
            pools.append(x)
        x = F.dropout(F.relu(self.fc6(x)), DROP, self.training)
        x = F.dropout(F.relu(self.fc7(x)), DROP, self.training)
        x = self.upscore2(self.score_fr(x)) + pools[3]
        x = self.upscore_pool4(x) + pools[2]
        return self.upscore8(x)


class Prediction(nn.Module):
    """Ids uint8 [B, H, W] of photos uint8 [B, H, W, 3]."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, photos):
        return self.net(photos).argmax(1).to(torch.uint8)
