"""--recipe: many flags under one name. A recipe is a line of RECIPES, {flag: value}.

Those here are the ones that the nets of fcn8s.weights.published were trained by, and are called as these.
"""
import collections

from fcn8s.utils.errors import UsageError
from fcn8s.weights.published import PUBLISHED

EPOCH = 5000  # steps that semantic-segmentation-pytorch counts as an epoch, whatever the batch size


def _mit_semseg(row, epochs, batch_size=16):
    """The settings of mit-semseg's config files, whose batches are spread over eight GPUs.

    Its photos get a short side of 300 to 600 pixels at random; those of ADE20K mostly have 512.
    """
    return {'net': row, 'pretrained': 'download', 'batch_size': batch_size, 'max_steps': epochs * EPOCH,
            'optimizer': 'sgd', 'learning_rate': 0.02, 'momentum': 0.9, 'weight_decay': 1e-4, 'lr_schedule': 'poly:0.9',
            'random_scale': '0.6,1.2', 'flip': 0.5}


_TABLE = (
    ('ade20k-mobilenetv2dilated-c1_deepsup', _mit_semseg('mobilenetv2dilated_c1_deepsup', 20, 24)),
    ('ade20k-resnet18dilated-c1_deepsup', _mit_semseg('resnet18dilated_c1_deepsup', 20)),
    ('ade20k-resnet18dilated-ppm_deepsup', _mit_semseg('resnet18dilated_ppm_deepsup', 20)),
    ('ade20k-resnet50-upernet', _mit_semseg('resnet50_upernet', 30)),
    ('ade20k-resnet50dilated-ppm_deepsup', _mit_semseg('resnet50dilated_ppm_deepsup', 20)),
    ('ade20k-resnet101dilated-ppm_deepsup', _mit_semseg('resnet101dilated_ppm_deepsup', 25)),
    ('ade20k-resnet101-upernet', _mit_semseg('resnet101_upernet', 40)),
    # the defaults of 2017, for its other nets too (--net): 100 epochs of 20,210 photos
    ('baseline-resnet34_dilated8-psp_bilinear', {
        'net': 'resnet34_dilated8_psp', 'pretrained': 'download', 'batch_size': 32, 'max_steps': 63157,
        'optimizer': 'sgd', 'lr_encoder': 1e-3, 'lr_decoder': 1e-2, 'momentum': 0.9,
        'weight_decay': 1e-4, 'lr_schedule': 'poly:0.9', 'random_scale': '0.5,1.5', 'random_crop': '384x384',
        'flip': 0.5}),
)
RECIPES = collections.OrderedDict((name, values) for name, values in _TABLE if name in PUBLISHED)
# A flag of a recipe is left out if one of these was given by hand, with which it would clash
CLASHES = {'lr_encoder': ('learning_rate',), 'lr_decoder': ('learning_rate',), 'pretrained': ('init_from', 'width')}


def apply_recipe(flag_values):
    """Sets the flags of --recipe, and --net to that of a published net in --init_from; those given by hand stay.

    flag_values: the parsed flags of FCN_train. Raises UsageError if there is no such recipe.
    """
    name, start = flag_values.recipe, flag_values.init_from
    if name and name not in RECIPES:
        raise UsageError(f'--recipe={name}: there is no such recipe. Available: {", ".join(RECIPES)}.')
    values = dict(RECIPES.get(name, {}))
    if start in PUBLISHED:
        values['net'] = PUBLISHED[start].row
    for flag, value in values.items():
        if not any(flag_values[given].present for given in (flag,) + CLASHES.get(flag, ())):
            flag_values[flag].value = value
