"""PDFs around tokens, made by a library that is not ours."""

import io
import zlib
from typing import Any

import pikepdf


def pdf_with(*streams: bytes, compress: bool = True) -> bytes:
    """A one-page PDF with these streams attached."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    for number, content in enumerate(streams):
        stream = pdf.make_stream(content)
        if compress:
            stream.write(zlib.compress(content), filter=pikepdf.Name.FlateDecode)
        pdf.Root[f"/Test{number}"] = stream
    return save(pdf, compress_streams=False)


def resaved(data: bytes, **options: Any) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return save(pdf, **options)


def save(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()
