"""Segments a photo with a net exported for OpenVINO; needs nothing of this project.

    python FCN_export.py --format=openvino --export_dir=export/cats
    pip install openvino pillow
    python examples/openvino_segment.py export/cats/net.xml street.jpg street.png
"""
import json
import sys

import numpy as np
import openvino
from PIL import Image, ImageOps

model, photo, output = sys.argv[1:]
photo = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert('RGB'))[np.newaxis]  # uint8 [1, H, W, 3]
model = openvino.Core().read_model(model)
about = json.loads(model.get_rt_info(['fcn8s']).astype(str))
ids = openvino.compile_model(model, 'CPU')(photo)[0][0]
Image.fromarray(ids).save(output)  # uint8 [H, W], class ids
for c in about['classes']:
    print(f"{100 * (ids == c['index']).mean():5.1f} %  {c['name']}")
