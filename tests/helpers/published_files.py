"""Files of published nets, thin, served from this computer."""
import http.server
import os
import threading

import numpy as np
import torch_files
from random_weights import THIN

from fcn8s.weights import published
from fcn8s.weights.names import torch_names

NAME, ROW = 'ade20k-resnet18dilated-c1_deepsup', 'resnet18dilated_c1_deepsup'


def random_halves(row=ROW):
    """{'encoder' or 'decoder': {PyTorch's name: array as PyTorch stores it}} of a row of NETS at published.WIDTH."""
    random, shapes = np.random.RandomState(0), published._shapes(row)
    halves = {'encoder': {}, 'decoder': {}}
    for ours, theirs in torch_names(shapes).items():
        array = (0.1 * random.randn(*shapes[ours])).astype(np.float32)
        if theirs.endswith(('running_var', 'bn1.weight')):
            array = np.abs(array) + 0.5
        half = 'encoder' if '/encoder/' in ours else 'decoder'
        halves[half][theirs] = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    halves['decoder'].update({'cbr_deepsup.0.weight': np.ones((8, 16, 3, 3), np.float32),
                              'conv_last_deepsup.bias': np.ones(150, np.float32)})
    return halves


def write_halves(folder, halves, name=NAME, write=torch_files.write_stream):
    """Writes both files into folder/name/."""
    os.makedirs(os.path.join(str(folder), name), exist_ok=True)
    for file, arrays in zip(published.file_names(name), (halves['encoder'], halves['decoder'])):
        write(os.path.join(str(folder), name, file), torch_files.state_dict(arrays))


def use(monkeypatch, model_zoo, served):
    """Makes nets thin, MODEL_ZOO another folder, and this computer the source; returns the list of paths asked for.

    served: folder with a folder for each net, or None for a network that is down.
    """
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def translate_path(self, path):
            asked.append(path)
            return os.path.join(str(served), *path.split('/'))

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    if served is None:
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(published, 'URL', f'http://127.0.0.1:{server.server_address[1]}')
    monkeypatch.setattr(published, 'MODEL_ZOO', str(model_zoo))
    monkeypatch.setattr(published, 'WIDTH', THIN)
    return asked
