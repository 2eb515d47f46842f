"""Small parts of the page: a picture inside it, a colour, a share."""
import base64
import io


def data_uri(image, kind='png', **options):
    """A Pillow image as the address of itself: 'data:image/png;base64,...'."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f'data:image/{kind};base64,' + base64.b64encode(buffer.getvalue()).decode('ascii')


def swatch(colour):
    """A small square of a class's colour, (red, green, blue)."""
    return '<i class="swatch" style="background:#{:02x}{:02x}{:02x}"></i>'.format(*colour)


def percent(share):
    """'12.3 %' of 0.123; what is less than it could show is '<0.1 %', escaped."""
    return '&lt;0.1 %' if 0 < share < 0.001 else f'{100 * share:.1f} %'
