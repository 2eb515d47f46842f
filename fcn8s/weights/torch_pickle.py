"""What stands for PyTorch's classes and functions in the pickle of a file of torch.save: plain records, inert."""
import collections

BFLOAT16 = 'BFloat16'
KINDS = {'Float': 'f4', 'Double': 'f8', 'Half': 'f2', BFLOAT16: 'u2', 'Long': 'i8', 'Int': 'i4', 'Short': 'i2',
         'Char': 'i1', 'Byte': 'u1', 'Bool': 'u1'}
OTHER_KINDS = {'ComplexFloat': 'c8', 'ComplexDouble': 'c16', 'QInt8': 'i1', 'QUInt8': 'u1', 'QInt32': 'i4',
               'Untyped': 'u1'}  # found in files, but no plain numbers
# Elements start to start + numel of the storage called key; kind: of KINDS or OTHER_KINDS
Storage = collections.namedtuple('Storage', 'key kind start numel')
Tensor = collections.namedtuple('Tensor', 'storage offset shape strides')  # all counted in elements
Kind = collections.namedtuple('Kind', 'name')


class Foreign:
    """Stands for anything of PyTorch's that is no plain tensor, and does nothing. what: its name."""

    def __init__(self, what):
        self.what = what

    def __call__(self, *_):
        return self

    def __setstate__(self, state):
        pass


def _tensor(storage, offset, shape, strides, *rest):
    """What torch._utils._rebuild_tensor and _rebuild_tensor_v2 name; rest: whether trained, hooks, flags."""
    if not isinstance(storage, Storage) or rest[2:] and rest[2]:
        return Foreign('a conjugate, negative or damaged view')
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class _Dictionary(collections.OrderedDict):
    """Of a state_dict, without the attributes that PyTorch gives it."""

    def __setstate__(self, state):
        pass


NAMES = {
    ('collections', 'OrderedDict'): _Dictionary,
    ('torch._utils', '_rebuild_tensor'): _tensor,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch._utils', '_rebuild_parameter'): lambda tensor, *_: tensor,
    ('torch._utils', '_rebuild_parameter_with_state'): lambda tensor, *_: tensor,
    ('torch._tensor', '_rebuild_from_type_v2'): lambda build, kind, values, state: build(*values),
}


def stand_in(module, name):
    """What stands for a name in a pickle: all of torch but tensors and storages is Foreign; None for the rest."""
    kind = name[:-len('Storage')]
    if (module, name) in NAMES:
        return NAMES[module, name]
    if module in ('torch', 'torch.cuda', 'torch.storage') and (kind in KINDS or kind in OTHER_KINDS):
        return Kind(kind)
    return Foreign(f'{module}.{name}') if module.split('.')[0] == 'torch' else None
