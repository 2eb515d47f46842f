"""The nets that semantic-segmentation-pytorch trained on ADE20K's 150 classes and published, as rows of NETS."""
import collections

# row: of NETS; ending: of its files' names, encoder_<ending>.pth and decoder_<ending>.pth; mean_iou, pixel_accuracy: on
# ADE20K's validation photos at one scale, as their authors publish them; megabytes: of both files; seconds: to predict
# a photo, as MEASURED says, or None
Published = collections.namedtuple('Published', 'row ending mean_iou pixel_accuracy megabytes seconds')
Published.__new__.__defaults__ = (None,)
MEASURED = 'seconds for a photo of 480x640 in bfloat16 on two cores of an AMD EPYC'
_TABLE = (
    ('ade20k-mobilenetv2dilated-c1_deepsup',
     Published('mobilenetv2dilated_c1_deepsup', 'epoch_20', .3484, .7575, 10, .16)),
    ('ade20k-resnet18dilated-c1_deepsup', Published('resnet18dilated_c1_deepsup', 'epoch_20', .3382, .7605, 49, .34)),
    ('ade20k-resnet18dilated-ppm_deepsup', Published('resnet18dilated_ppm_deepsup', 'epoch_20', .3800, .7864, 98, .63)),
    ('baseline-resnet34_dilated8-psp_bilinear', Published('resnet34_dilated8_psp', 'best', .3634, .7798, 137, .8)),
    ('ade20k-resnet50-upernet', Published('resnet50_upernet', 'epoch_30', .4044, .7980, 257, 1.7)),
    ('ade20k-resnet50dilated-ppm_deepsup',
     Published('resnet50dilated_ppm_deepsup', 'epoch_20', .4126, .7973, 207, 1.3)),
    ('ade20k-resnet101dilated-ppm_deepsup',
     Published('resnet101dilated_ppm_deepsup', 'epoch_25', .4219, .8059, 283, 1.7)),
    ('ade20k-resnet101-upernet', Published('resnet101_upernet', 'epoch_50', .4200, .8079, 333, 1.8)),
)


def published_rows(nets):
    """OrderedDict {name of a published net: Published} of those whose rows are in `nets`."""
    return collections.OrderedDict((name, net) for name, net in _TABLE if net.row in nets)
