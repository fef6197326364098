"""P01, P08: whatever a PDF's page was made to show, the answer names whom the credential names, and says: compare."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from flask.testing import FlaskClient

from tests.issuer.printing import text_of
from tests.served import Page, Served
from tests.verifier.pdf import save
from verifier.report import Verdict

GENUINE, FORGED = "Somchai Pinthong", "Mallory Forger"
COMPARE = "Compare the name with the person's identity card."


@pytest.fixture(scope="module")
def genuine(served: Served) -> bytes:
    """A page that shows the name, and carries the credential."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    page = pdf.pages[0]
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(drawn(GENUINE))
    pdf.Root["/Carried"] = pdf.make_stream(served.issue(Verdict.VALID))
    return save(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)


def drawn(text: str) -> bytes:
    return b"BT /F1 24 Tf 72 400 Td (%s) Tj ET" % text.encode()


def updated(data: bytes, content: bytes) -> bytes:
    """`data` with an incremental update (ISO 32000 7.5.6): the page's content object once more, and a table for it."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        number = pdf.pages[0].Contents.objgen[0]
        size, root = len(pdf.objects) + 1, pdf.trailer.Root.objgen[0]
    before = int(data.rpartition(b"startxref")[2].split()[0])
    place = len(data) + 1
    body = b"\n%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number, len(content), content)
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
        number,
        place,
        size,
        root,
        before,
    )
    return data + body + table + b"startxref\n%d\n%%%%EOF\n" % (len(data) + len(body))


def answer(client: FlaskClient, data: bytes) -> str:
    page = client.post("/", data={"file": (io.BytesIO(data), "certificate.pdf")})
    assert (page.status_code, page.headers["Handseal-Verdict"]) == (200, "valid")
    return Page(page.text).text


def test_P01_a_name_put_over_the_page_later_is_not_the_answer(
    client: FlaskClient, genuine: bytes, tmp_path: Path
) -> None:
    forged = updated(genuine, drawn(FORGED))
    assert forged.startswith(genuine)
    assert FORGED in text_of(forged, tmp_path)
    assert GENUINE not in text_of(forged, tmp_path)
    told = answer(client, forged)
    assert GENUINE in told
    assert FORGED not in told
    assert COMPARE in told


@pytest.mark.parametrize("shown", [True, False])
def test_P08_a_layer_that_is_switched_on_or_off_changes_nothing(
    client: FlaskClient, genuine: bytes, tmp_path: Path, shown: bool
) -> None:
    with pikepdf.open(io.BytesIO(genuine)) as pdf:
        layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="shadow"))
        states = pikepdf.Dictionary(ON=[layer], OFF=[]) if shown else pikepdf.Dictionary(ON=[], OFF=[layer])
        pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=states)
        page = pdf.pages[0]
        page.Resources.Properties = pikepdf.Dictionary(Layer=layer)
        page.contents_add(b"/OC /Layer BDC\n%s\nEMC" % drawn(FORGED))
        forged = save(pdf)
    assert (FORGED in text_of(forged, tmp_path)) or not shown
    told = answer(client, forged)
    assert GENUINE in told
    assert FORGED not in told
    assert COMPARE in told
