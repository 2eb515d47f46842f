"""Segments a photo with a net exported for ONNX Runtime; needs nothing of this project.

    python FCN_export.py --format=onnx --export_dir=export/cats
    pip install onnxruntime pillow
    python examples/onnx_segment.py export/cats/net.onnx street.jpg street.png
"""
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photo, output = sys.argv[1:]
photo = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert('RGB'))[np.newaxis]  # uint8 [1, H, W, 3]
session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
about = json.loads(session.get_modelmeta().custom_metadata_map['fcn8s'])
ids = session.run(['ids:0'], {'images:0': photo})[0][0]
Image.fromarray(ids).save(output)  # uint8 [H, W], class ids
for c in about['classes']:
    print(f"{100 * (ids == c['index']).mean():5.1f} %  {c['name']}")
