"""Segments a photo with a net exported for LiteRT; needs nothing of this project.

    python FCN_export.py --format=tflite --export_dir=export/cats
    pip install ai-edge-litert pillow
    python examples/tflite_segment.py export/cats/net.tflite street.jpg street.png
"""
import json
import sys
import zipfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

model, photo, output = sys.argv[1:]
photo = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert('RGB'))[np.newaxis]  # uint8 [1, H, W, 3]
with zipfile.ZipFile(model) as archive:
    about = json.loads(archive.read('export.json').decode())
net = Interpreter(model)
given, found = net.get_input_details()[0]['index'], net.get_output_details()[0]['index']
net.resize_tensor_input(given, photo.shape)
net.allocate_tensors()
net.set_tensor(given, photo)
net.invoke()
ids = net.get_tensor(found)[0]
Image.fromarray(ids).save(output)  # uint8 [H, W], class ids
for c in about['classes']:
    print(f"{100 * (ids == c['index']).mean():5.1f} %  {c['name']}")
