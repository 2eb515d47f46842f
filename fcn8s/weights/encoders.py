"""Published encoders to start a net from: where they are, under which file names, and which net takes which."""
import collections
import os

from fcn8s.utils.download import DownloadError, fetch
from fcn8s.utils.errors import UserError
from FCN_model import NETS

Source = collections.namedtuple('Source', 'url digest')  # digest: as for fetch, None if none is published
# sources: in order of preference; files: other names under which such weights are found; ignored: beginnings of the
# names in the file that the encoder does not need, such as the classifier's; megabytes: of a file, about
Encoder = collections.namedtuple('Encoder', 'sources megabytes files ignored')
Encoder.__new__.__defaults__ = ((), ('fc.', 'classifier.'))

_MATCONVNET = 'http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-'
_KERAS = 'https://github.com/fchollet/deep-learning-models/releases/download/v0.1/'
_TORCHVISION = 'https://download.pytorch.org/models/'  # whose names carry the first digits of the SHA-256
_MIT = 'http://sceneparsing.csail.mit.edu/model/'
_VGG16 = (Source(_MATCONVNET + '16.mat', 'f72d927587ca4c97fbd165ec9cb9997f'),
          Source(_KERAS + 'vgg16_weights_tf_dim_ordering_tf_kernels.h5', '64373286793e3c8b2b4e3219cbf3544b'))
_VGG19 = (Source(_MATCONVNET + '19.mat', '106118b7cf60435e6d8e04f6a6dc3657'),
          Source(_KERAS + 'vgg19_weights_tf_dim_ordering_tf_kernels.h5', 'cbe5617147190e668d6c5d5026f83318'))
_TORCH16 = (Source(_TORCHVISION + 'vgg16-397923af.pth', '397923af'),)
_TORCH19 = (Source(_TORCHVISION + 'vgg19-dcbb9e9d.pth', 'dcbb9e9d'),)
_VGG16_FILES = ('imagenet-vgg-verydeep-16.mat', 'vgg16.npy', 'vgg16_weights.npz',
                'vgg16_weights_tf_dim_ordering_tf_kernels.h5', 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5',
                'vgg16', 'vgg16-397923af.pth')
_VGG19_FILES = ('imagenet-vgg-verydeep-19.mat', 'vgg19.npy', 'vgg19_weights_tf_dim_ordering_tf_kernels.h5',
                'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5', 'vgg19-dcbb9e9d.pth')


def _mit(path):
    return (Source(_MIT + path, None),)


# A key is the beginning of the names of the rows that it is for; the fcn rows have the VGG of their depth.
ENCODERS = {
    'vgg16': Encoder(_VGG16, 550, _VGG16_FILES),
    'vgg19': Encoder(_VGG19, 570, _VGG19_FILES),
    'vgg16_dilated8': Encoder(_TORCH16 + _VGG16, 550, _VGG16_FILES),
    'vgg19_dilated8': Encoder(_TORCH19 + _VGG19, 570, _VGG19_FILES),
    'resnet34_dilated': Encoder(_mit('pretrained_places/resnet34-places365.pth'), 90),
    'resnet50_dilated': Encoder(_mit('pretrained_places/resnet50-places365.pth'), 100),
    'resnet18dilated': Encoder(_mit('pretrained_resnet/resnet18-imagenet.pth'), 50),
    'resnet50dilated': Encoder(_mit('pretrained_resnet/resnet50-imagenet.pth'), 100),
    'resnet101dilated': Encoder(_mit('pretrained_resnet/resnet101-imagenet.pth'), 180),
    'resnet50_upernet': Encoder(_mit('pretrained_resnet/resnet50-imagenet.pth'), 100),
    'resnet101_upernet': Encoder(_mit('pretrained_resnet/resnet101-imagenet.pth'), 180),
    # features.18, the 1x1 convolution to 1280 channels, is left out of the encoder
    'mobilenetv2dilated': Encoder(_mit('pretrained_resnet/mobilenet_v2.pth.tar'), 14, (),
                                  ('features.18.', 'classifier.')),
}


def encoder_name(net):
    """The key of ENCODERS whose weights a row of NETS starts from; None if none are published for it."""
    fitting = [name for name in ENCODERS if net.startswith(name)]
    if fitting:
        return max(fitting, key=len)
    return f'vgg{NETS[net].vgg}' if net in NETS and NETS[net].vgg else None


def file_names(name):
    """Names of the files that hold an encoder, preferred ones first. name: a key of ENCODERS."""
    published = [_file_name(source) for source in ENCODERS[name].sources]
    return list(collections.OrderedDict.fromkeys(published[:1] + list(ENCODERS[name].files) + published))


def find_encoder(name, model_dir):
    """Returns the path of an encoder's preferred file in model_dir, or None. name: a key of ENCODERS."""
    for file in file_names(name):
        path = os.path.join(model_dir, file)
        if os.path.isfile(path) or os.path.isfile(os.path.join(path, 'saved_model.pb')):
            return path
    return None


def download_encoder(name, model_dir, check, **options):
    """Downloads an encoder into model_dir, unless it is there, and returns its path.

    The next source is tried if one does not answer or has another file.

    Args:
      name: a key of ENCODERS.
      check: function from the path of a downloaded file without a digest that raises UserError if it is another file.
      options: of fetch.

    Raises DownloadError with all addresses, or if the file that is there has a wrong digest.
    """
    sources, reasons = ENCODERS[name].sources, []
    found = find_encoder(name, model_dir)
    if found:
        for source in sources:
            if os.path.basename(found) == _file_name(source):
                fetch(source.url, found, source.digest)  # compares the digest
        return found
    for source in sources:
        try:
            return _fetch_checked(source, os.path.join(model_dir, _file_name(source)), check, options)
        except UserError as error:
            reasons.append(f'{source.url}: {error.__cause__ or error}')
            if source is not sources[-1]:
                print(f'failed: {reasons[-1]}')
    raise DownloadError(f'Cannot download the encoder {name} from {"; nor from ".join(reasons)}. Download it by hand '
                        f'into {os.path.abspath(model_dir)} as {" or ".join(map(_file_name, sources))}, and run again.')


def _fetch_checked(source, path, check, options):
    fetch(source.url, path, source.digest, **options)
    if source.digest is None:
        try:
            check(path)
        except UserError:
            os.remove(path)
            raise
    return path


def published_at(path):
    """Says where a file of this name is published; '' if nowhere known."""
    for source in (source for encoder in ENCODERS.values() for source in encoder.sources):
        if os.path.basename(path) == _file_name(source):
            return source.url + (f' (digest {source.digest})' if source.digest else '')
    return ''


def _file_name(source):
    return os.path.basename(source.url)
