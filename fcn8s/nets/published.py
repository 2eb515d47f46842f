"""Nets that others trained on ADE20K and published; fcn8s.weights.published fetches them.

Their scores are those that their authors publish, of ADE20K's validation photos at one scale.
"""
import collections

SITE = 'http://sceneparsing.csail.mit.edu/model/pytorch/'  # of SITE/NAME/encoder_FILES.pth and decoder_FILES.pth
NUM_CLASSES = 151

# net: row of NETS; files: ending of encoder_....pth and decoder_....pth; mean_iu, pixel_accuracy: as published;
# megabytes: of both files, by the number of their parameters
Published = collections.namedtuple('Published', 'net files mean_iu pixel_accuracy megabytes')
PUBLISHED = collections.OrderedDict([
    ('ade20k-resnet18dilated-c1_deepsup', Published('resnet18dilated_c1_deepsup', 'epoch_20', .3382, .7605, 49)),
    ('ade20k-resnet18dilated-ppm_deepsup', Published('resnet18dilated_ppm_deepsup', 'epoch_20', .3800, .7864, 98)),
    ('ade20k-resnet50dilated-ppm_deepsup', Published('resnet50dilated_ppm_deepsup', 'epoch_20', .4126, .7973, 207)),
    ('ade20k-resnet101dilated-ppm_deepsup', Published('resnet101dilated_ppm_deepsup', 'epoch_25', .4219, .8059, 283)),
    ('ade20k-resnet50-upernet', Published('resnet50_upernet', 'epoch_30', .4044, .7980, 257)),
    ('ade20k-resnet101-upernet', Published('resnet101_upernet', 'epoch_50', .4200, .8079, 333)),
    ('baseline-resnet34_dilated8-psp_bilinear', Published('resnet34_dilated8_psp', 'best', .3634, .7798, 137)),
])
SMALL = 'ade20k-resnet18dilated-ppm_deepsup'  # to name in advice: quick to fetch, and among the better ones
