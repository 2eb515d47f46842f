"""The flags of training that few runs need: how steps are made, and what is done to photos before."""
from absl import flags


def define_recipe_flags(flag_values):
    """Optimizer, learning rates, decay and what else one step is made of."""
    given = {'flag_values': flag_values, 'module_name': 'steps'}
    flags.DEFINE_enum('optimizer', 'adam', ['adam', 'sgd'], 'Adam, or gradient descent with momentum', **given)
    flags.DEFINE_float('lr_encoder', None, "the pretrained layers' learning rate (default: learning_rate)", 0., **given)
    flags.DEFINE_float('lr_decoder', None, "the new layers' learning rate (default: learning_rate)", 0., **given)
    flags.DEFINE_string('lr_schedule', 'constant', 'constant, poly:POWER (falls to 0 at max_steps), or '
                        'steps:STEP:RATE,STEP:RATE,... (these rates hold for all layers)', **given)
    flags.DEFINE_float('momentum', 0.9, "sgd's", 0., 1., **given)
    flags.DEFINE_float('weight_decay', 0., 'pulls all kernels towards zero', 0., **given)
    flags.DEFINE_float('l2', 0., "the same on the decoder's kernels alone, as in fcn8s_tensorflow", 0., **given)
    flags.DEFINE_float('clip_norm', 0., 'gradients are scaled down to this joint norm; 0 leaves them', 0., **given)
    flags.DEFINE_string('class_weights', 'none', 'what a pixel counts in the loss by its class: none, '
                        'median_frequency (rare classes more), or a CSV file of index,weight', **given)
    flags.DEFINE_float('keep_prob', None, 'all dropout keeps this part (default: as the net was published, 0.8 for '
                       'fcn8s)', 0.01, 1., **given)
    flags.DEFINE_boolean('fix_bn', False, 'batch normalization keeps the moving averages it starts with, those of '
                         '--init_from, as is best for small batches', **given)
    flags.DEFINE_boolean('skip_nonfinite', False, 'a step whose loss or gradient is not finite is skipped and counted, '
                         'instead of stopping the run', **given)
    flags.DEFINE_boolean('deterministic', False, 'the same command gives the same weights, bit for bit; slower, for '
                         'the CPU takes sums in one thread. On a GPU it takes TensorFlow 2, and no --fix_bn', **given)


def define_augmentation_flags(flag_values):
    """What may be done to a photo and its annotation alike before they are learned from; all off by default."""
    given = {'flag_values': flag_values, 'module_name': 'augmentation'}
    flags.DEFINE_string('random_scale', '', 'MIN,MAX[,PROBABILITY]: scaled by a random factor, such as 0.5,1.5',
                        **given)
    flags.DEFINE_string('random_crop', '', 'HEIGHTxWIDTH, multiples of 32: a random window of this size; smaller '
                        'photos are padded, and the padding is left out of the loss', **given)
    flags.DEFINE_float('flip', 0., 'probability of exchanging left and right', 0., 1., **given)
    flags.DEFINE_string('brightness', '', 'MIN,MAX[,PROBABILITY]: brightness times a random factor, such as 0.5,2.0',
                        **given)
    flags.DEFINE_string('translate', '', 'X,Y[,PROBABILITY]: moved by up to X pixels sideways and Y up or down, such '
                        'as 30,20; MIN-MAX for either', **given)
    flags.DEFINE_float('gray', 0., 'probability of taking the colours away', 0., 1., **given)
    flags.DEFINE_string('preview_augmentation', '', 'write a picture of what augmentation does to this .png or .jpg, '
                        'and stop', **given)
