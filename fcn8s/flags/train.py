"""The flags of FCN_train."""
from absl import flags

from fcn8s.flags.shared import add_bad_data, add_net_flags, add_precision
from fcn8s.utils.cli import flag_group, with_defaults


def train_flags(**defaults):
    """The FlagValues of FCN_train."""
    values = flags.FlagValues()
    add = flag_group(values, 'data')
    add.string('data_dir', None, 'folder with images/, annotations/ and classes.csv')
    add.string('list', '', 'file of relative image paths, one per line, or an .odgt: train on these photos alone')
    add.integer('batch_size', 2, 'photos per step, resized to one common size', 1)
    add.boolean('shuffle', True, '--noshuffle reads the photos in the order of their names')
    add.integer('ignore_label', None, 'exclude pixels with this id from loss and scores: 0 excludes "others", 255 the '
                'border that some masks have (default: none)', 0, 255)
    add_bad_data(add, 'stop')
    add.integer('read_threads', 2, 'threads that decode photos', 1)
    add_net_flags(values, trained=False)
    add = flag_group(values, 'training')
    add.string('recipe', '', 'set the flags that the published net of this name was trained with; yours win')
    add.float('learning_rate', 1e-5, 'learning rate; 1e-4 is common for Adam from scratch', 0.)
    add.integer('max_steps', 1, 'step at which the run ends, counted from its first start', 1)
    add.integer('seed', 0, 'random seed of initial weights, photo order, augmentation and dropout', 0)
    add.string('pretrained', 'auto', 'encoder to start from: auto takes it from model_dir if present, none starts from '
               'scratch, download fetches it, FILE is a VGG (.mat, .npy, .npz, .h5, .pth, SavedModel) or other .pth')
    add.string('model_dir', None, 'folder of pretrained encoders')
    add.string('init_from', '', 'checkpoint or published net to start from: takes what fits, with a fresh optimizer')
    add = flag_group(values, 'output')
    add.string('logs_dir', None, 'folder for checkpoints, curves and config.json')
    add.integer('save_every', 500, 'steps between checkpoints', 1)
    add.integer('validate_every', 500, 'steps between validations', 1)
    add.integer('validation_num', 100, 'photos per validation, 0 for all', 0)
    add.integer('validation_max_side', 1536, 'scale larger validation photos down to this longer side', 32)
    add.boolean('debug', False, 'TensorBoard histograms of activations, sparsity and gradients; slow')
    add_precision(values, 'steps')
    add = flag_group(values, 'steps')
    add.integer('num_gpus', 1, 'GPUs that share the photos of each step; must divide batch_size', 1)
    add.enum('optimizer', 'adam', ['adam', 'adamw', 'sgd'], 'Adam, Adam with decoupled weight decay, or gradient '
             'descent with momentum')
    add.float('lr_encoder', None, 'learning rate of the pretrained layers (default: learning_rate)', 0.)
    add.float('lr_decoder', None, 'learning rate of the new layers (default: learning_rate)', 0.)
    add.string('lr_schedule', 'constant', 'constant; poly:POWER or cosine, which fall to 0 at max_steps; cosine:STEPS '
               'warms up first; or steps:STEP:RATE,STEP:RATE,... (the same rates for all layers)')
    add.float('momentum', 0.9, 'momentum of sgd', 0., 1.)
    add.float('weight_decay', 0., 'L2 penalty on all kernels; with adamw the part of them that each step takes away, '
              'times the learning rate, such as 0.01', 0.)
    add.float('l2', 0., "L2 penalty on the decoder's kernels only, as in fcn8s_tensorflow", 0.)
    add.float('clip_norm', 0., 'clip gradients to this global norm; 0 for no clipping', 0.)
    add.string('class_weights', 'none', "weight of each class's pixels in the loss: none, median_frequency (rare "
               "classes count more), or a CSV file of index,weight")
    add.float('keep_prob', None, 'share of values that dropout keeps (default: as published, 0.8 for fcn8s)', 0.01, 1.)
    add.boolean('fix_bn', False, 'keep the batch normalization averages of --init_from; best for small batches')
    add.boolean('skip_nonfinite', False, 'skip and count a step with a non-finite loss or gradient instead of stopping')
    add.boolean('deterministic', False, 'the same command gives the same weights bit for bit; slower: the CPU sums in '
                'one thread. On a GPU it needs TensorFlow 2 and no --fix_bn')
    add = flag_group(values, 'several workers')
    add.integer('workers', 1, 'start so many processes on this computer, which share each step', 1)
    add.float('meeting_timeout', 600., 'seconds to wait until all workers of a cluster are there', 1.)
    add.float('worker_timeout', 60., 'seconds of silence after which a worker is lost, and all others leave', 1.)
    add = flag_group(values, 'augmentation')
    add.string('random_scale', '', 'MIN,MAX[,PROBABILITY]: scale by a random factor, such as 0.5,1.5')
    add.string('random_crop', '', 'HEIGHTxWIDTH, multiples of 32: train on a random window of this size; smaller '
               'photos are padded, and the padding is excluded from the loss')
    add.float('flip', 0., 'probability of mirroring left and right', 0., 1.)
    add.string('brightness', '', 'MIN,MAX[,PROBABILITY]: multiply the brightness by a random factor, such as 0.5,2.0')
    add.string('translate', '', 'X,Y[,PROBABILITY]: shift by up to X pixels sideways, Y up or down; each or MIN-MAX')
    add.float('gray', 0., 'probability of removing the colours', 0., 1.)
    add.string('preview_augmentation', '', 'write a picture of augmented photos to this .png or .jpg file, and stop')
    return with_defaults(values, defaults)
