"""What a row of FCN_model.NETS holds, and the pixels that published encoders take."""
import collections

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet's training photos, as VGG was trained on
RAW_RGB = (0., 0., 0.)
IMAGENET_MEAN = tuple(255 * mean for mean in (0.485, 0.456, 0.406))  # torchvision's normalization, of RGB 0..255
IMAGENET_STD = tuple(255 * std for std in (0.229, 0.224, 0.225))


class Net(collections.namedtuple('Net', 'encoder head mean std vgg stride scores_0 reach source deepsup')):
    """A row of NETS.

    encoder: function (pixels, build) -> end points; build is a Build.
    head: function (end_points, like, num_classes, build) -> Scores.
    mean, std: normalize pixels, RGB 0..255.
    vgg: the depth of the pretrained VGG that fits the encoder, or None.
    stride: of the finest scores.
    scores_0: whether class 0, "others", is scored, or left out of loss and predictions.
    reach: a score depends on no pixel this far away; None if on the whole image.
    source: the publication or repository that the row follows.
    deepsup: function (end_points, num_classes, build) -> logits, whose loss training adds (see training_loss), or None.
    """


Net.__new__.__defaults__ = (None,)
