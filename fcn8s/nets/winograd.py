"""The 3x3 SAME convolution of stride 1, and its kernel's gradient, with half the multiplications: Winograd's F(4, 3).

Four rows of the output depend on six rows of the input and three of the kernel. The direct sums take twelve products of
rows, Winograd's algorithm takes six: it evaluates the rows, as coefficients of polynomials, at six points, and
multiplies there (Lavin and Gray, arXiv 1509.09308). Each product is a 1x3 convolution. The points 0, S, -S, T, -T and
infinity keep rounding small (Barabasz et al., arXiv 1803.10986): about three times that of the direct sums in float32.
"""
from fcn8s.utils.tf1 import tf
from TensorflowUtils import conv2d

S, T = 0.75, 1.5
PAIRS = ((S, T), (T, S))  # p, which stands for the points p and -p; and the other of the two


def convolve(x, kernel):
    """float32 [B, H, W, in] and [3, 3, in, out] -> [B, H, W, out]."""
    # without `after`, all layers' kernels would be transformed at the start and stay in memory
    kernels = transform_kernel(after(x, kernel))
    products = [conv2d(plane, rows[None]) for plane, rows in zip(transform_input(x), kernels)]
    first, *pairs, last = products
    (even_s, odd_s), (even_t, odd_t) = _even_and_odd(pairs)
    rows = [first + even_s + even_t, odd_s + odd_t,
            S ** 2 * even_s + T ** 2 * even_t, last + S ** 2 * odd_s + T ** 2 * odd_t]
    batch, height, width = tf.unstack(tf.shape(x)[:3])
    y = tf.reshape(tf.stack(rows, axis=2), [batch, -1, width, int(kernel.shape[3])])[:, :height]
    y.set_shape(x.shape[:3].concatenate(kernel.shape[3:]))
    return y


def kernel_gradient(x, dy):
    """The gradient with respect to the kernel: x [B, H, W, in], dy [B, H, W, out] -> [3, 3, in, out], float32."""
    shape = [1, 3, int(x.shape[3]), int(dy.shape[3])]
    first, *pairs, last = [tf.nn.conv2d_backprop_filter(plane, shape, dplane, [1, 1, 1, 1], 'SAME')[0]
                           for plane, dplane in zip(transform_input(after(dy, x)), transform_output_gradient(dy))]
    (even_s, odd_s), (even_t, odd_t) = [
        (even / _norm(p, o), odd / _norm(p, o)) for (p, o), (even, odd) in zip(PAIRS, _even_and_odd(pairs))]
    return tf.stack([first / (S * T) ** 2 + even_s + even_t, odd_s + odd_t, last + S ** 2 * even_s + T ** 2 * even_t])


def after(op, x):
    """Returns x, available only once `op`, an op or a tensor, is computed."""
    with tf.control_dependencies([op]):
        return tf.identity(x)


def transform_input(x):
    """Six [B, ceil(H / 4), W, in]: for each point, a sum of the six input rows behind four output rows."""
    groups = _in_fours(x, above=1)
    d = [groups[:, :-1, i] for i in range(4)] + [groups[:, 1:, i] for i in range(2)]

    def cleared(i):
        return d[i + 4] - (S ** 2 + T ** 2) * d[i + 2] + (S * T) ** 2 * d[i]

    planes = [cleared(0)]
    for p, o in PAIRS:
        even, odd = d[4] - o ** 2 * d[2], p * (d[3] - o ** 2 * d[1])
        planes += [even + odd, even - odd]
    return planes + [cleared(1)]


def transform_kernel(kernel):
    """Six [3, in, out]: the polynomial of the kernel's rows at each point."""
    k = tf.unstack(kernel)
    planes = [k[0] / (S * T) ** 2]
    for p, o in PAIRS:
        even, odd = (k[0] + p ** 2 * k[2]) / _norm(p, o), p * k[1] / _norm(p, o)
        planes += [even + odd, even - odd]
    return planes + [k[2]]


def transform_output_gradient(dy):
    """Six [B, ceil(H / 4), W, out]: the transpose of the step from products to output rows in `convolve`."""
    rows = tf.unstack(_in_fours(dy), axis=2)
    planes = [rows[0]]
    for p, _ in PAIRS:
        even, odd = rows[0] + p ** 2 * rows[2], p * (rows[1] + p ** 2 * rows[3])
        planes += [even + odd, even - odd]
    return planes + [rows[3]]


def _even_and_odd(pairs):
    """[at S, -S, T, -T] -> two pairs, for S and T: the sum at p and -p, and p times their difference."""
    return [(plus + minus, p * (plus - minus)) for (p, _), plus, minus in zip(PAIRS, pairs[::2], pairs[1::2])]


def _norm(p, o):
    """The product of the differences between p and the other finite points 0, -p, o and -o."""
    return 2 * p ** 2 * (p ** 2 - o ** 2)


def _in_fours(x, above=0):
    """[B, H, W, C] -> [B, ceil(H / 4), 4, W, C], zero-padded; above=1 adds a row of zeros on top, and a group."""
    batch, height, width = tf.unstack(tf.shape(x)[:3])
    groups = (height + 3) // 4 + (1 if above else 0)
    padded = tf.pad(x, [[0, 0], [above, 4 * groups - above - height], [0, 0], [0, 0]])
    return tf.reshape(padded, [batch, groups, 4, width, int(x.shape[3])])
