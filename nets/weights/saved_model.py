"""VGG16 weights in the SavedModel that fcn8s_tensorflow starts from: a VGG16 made of convolutions only."""
import glob
import os

from files.tf_paths import ReadablePath
from nets.weights.lengths import array_bytes, check_length
from nets.weights.vgg_layers import PretrainedError, WeightFile, layer_name, naming_damage

TAG = 'vgg16'
TENSORS = ('image_input', 'keep_prob', 'layer3_out', 'layer4_out', 'layer7_out')


def read_saved_model(path):
    """WeightFile of a SavedModel folder with the tag vgg16 and the variables conv1_1/filter, conv1_1/biases, ...,
    fc6/weights, fc6/biases, fc7/..., kernels [h, w, in, out].

    Its image_input takes RGB, which its ops `Processing` turn into BGR before conv1_1 (M. Teichmann, tensorflow-fcn,
    fcn8_vgg.py). The graph is not built. Raises PretrainedError.
    """
    from TensorflowUtils import tf
    load_checkpoint = tf.train.load_checkpoint  # imports TensorFlow in TensorflowUtils' way, before _check_graph can
    with naming_damage(path):
        _check_graph(path)
        linked = ReadablePath(path)  # lives until the arrays are read
        reader = load_checkpoint(os.path.join(linked.path, 'variables', 'variables'))
        names, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
        size = sum(map(os.path.getsize, glob.glob(os.path.join(glob.escape(path), 'variables', 'variables.data-*'))))
        pairs = {}
        for name in names:
            layer, _, part = name.rpartition('/')
            if part in ('filter', 'weights') and layer_name(layer) and layer + '/biases' in names:
                pair = name, layer + '/biases'
                for part in pair:
                    check_length(part, array_bytes(names[part], types[part].size), size)
                pairs[layer_name(layer)] = tuple(map(reader.get_tensor, pair))
    return WeightFile('SavedModel', 'BGR', pairs, list(names))


def _check_graph(path):
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    model = SavedModel()
    with open(os.path.join(path, 'saved_model.pb'), 'rb') as file:
        model.ParseFromString(file.read())
    tags = [sorted(graph.meta_info_def.tags) for graph in model.meta_graphs]
    graphs = [graph for graph in model.meta_graphs if TAG in graph.meta_info_def.tags]
    if not graphs:
        raise PretrainedError(f"{path} is not the pretrained VGG16: it has the tags {tags}, expected '{TAG}'.")
    nodes = {node.name for node in graphs[0].graph_def.node}
    missing = [name for name in TENSORS if name not in nodes]
    if missing:
        raise PretrainedError(f'{path} is not the pretrained VGG16: its graph lacks the tensors {", ".join(missing)}.')
