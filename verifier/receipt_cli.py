"""`handseal-verify receipt` and `receipt-key`, and the receipt of a file that was checked."""

from __future__ import annotations

from pathlib import Path

import click

from keys.console import escape
from keys.encoding import format_time, parse_sri, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded, require_absent, write_new
from keys.receipt_signer import create_receipt_key, read_receipt_key
from verifier.carrier import MAX_CARRIER_BYTES, credentials_in
from verifier.config import Settled
from verifier.language import DEFAULT_LANGUAGE, LANGUAGES, words_in
from verifier.messages import headline
from verifier.receipt import PROGRAM, Answered, Operator, Receipt, read_receipt, signed_receipt
from verifier.report import Verdict

_file = click.Path(path_type=Path)
_MAX_RECEIPT = 64 * 1024

receipt_key_option = click.option("--receipt-key", type=_file, metavar="FILE", help="Signs receipts with this key.")


def receipt_options(command: click.decorators.FC) -> click.decorators.FC:
    """--receipt, --receipt-key and --language."""
    language = click.option(
        "--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True, help="Of the receipt."
    )
    receipt = click.option(
        "--receipt", type=_file, metavar="OUT", help="A receipt of the one FILE: OUT.pdf, or OUT.jws, signed."
    )
    return receipt(receipt_key_option(language(command)))


def require_receipt(out: Path, settled: Settled) -> None:
    """ConfigurationError or HandsealError before anything is checked, where `out` cannot become a receipt."""
    if out.suffix.lower() not in (".pdf", ".jws"):
        raise ConfigurationError(f"--receipt: {out}: is named neither .pdf nor .jws")
    if out.suffix.lower() == ".jws" and settled.receipt_key is None:
        hint = "--receipt-key FILE, or receipt-key = FILE in verify.toml; handseal-verify receipt-key FILE makes one"
        raise ConfigurationError(f"--receipt: {out}: there is no key to sign it with", hint=hint)
    require_absent(out)


def write_receipt(answered: Answered, out: Path, settled: Settled, language: str) -> None:
    """The receipt as `out`, which must not exist."""
    from verifier.fonts import lent_fonts  # fonts and Typst take longer to load than a file to check
    from verifier.receipt_page import receipt_pdf

    if out.suffix.lower() == ".pdf":
        data = receipt_pdf(answered, Operator("", PROGRAM), words_in(language), lent_fonts())
    else:
        data = (signed_receipt(answered, Operator("", PROGRAM, settled.signer())) or "").encode("ascii")
    write_new(out, data)


@click.command("receipt-key")
@click.argument("path", metavar="FILE", type=_file)
def make_receipt_key(path: Path) -> None:
    """Makes the key that signs this verifier's receipts, and FILE.pub.json to check them with.

    It is no organisation's key: it stands in no trust list and signs no certificate. It lies unencrypted, mode 0600.

    Example: handseal-verify receipt-key receipts.key
    """
    made = create_receipt_key(path)
    click.echo(f"kid: {made.kid}")
    click.echo(f"key: {escape(str(path))}")
    click.echo(f"public: {escape(str(path))}.pub.json")


@click.command("receipt")
@click.argument("path", metavar="FILE.jws", type=_file)
@click.option(
    "--key",
    type=_file,
    required=True,
    metavar="PUB",
    help="The key's public half: FILE.pub.json, or what a verifier serves as /receipt-key.json.",
)
@click.option("--of", "source", type=_file, metavar="FILE", help="The certificate or file that it should be about.")
def check_receipt(path: Path, key: Path, source: Path | None) -> None:
    """Checks a signed receipt: whether that key signed it, what it says, and what it is about.

    Example: handseal-verify receipt receipt.jws --key receipt-key.json --of certificate.pdf
    """
    if path.suffix.lower() == ".pdf":
        raise ConfigurationError(f"{path}: nobody signed a PDF", hint="what can be checked is a .jws")
    public = read_receipt_key(key)
    receipt = read_receipt(read_bounded(path, _MAX_RECEIPT), public, str(path))
    about = {"Signed by": f"the key {public.kid}"}
    if source is not None:
        _require_about(receipt, source, path)
        about["About"] = str(source)
    for label, text in (about | _shown(receipt)).items():
        click.echo(f"{label:<13}{escape(text)}")


def _require_about(receipt: Receipt, source: Path, place: Path) -> None:
    """HandsealError unless the receipt is about this file, or about the one certificate in it."""
    data = read_bounded(source, MAX_CARRIER_BYTES)
    tokens = credentials_in(data).tokens
    one = tokens if len(tokens) == 1 else ()  # of two nobody can say which one the file is meant to show
    if not {sri(sha256(given)) for given in (data, *one)} & {receipt.given, receipt.token}:
        raise HandsealError(f"{place}: is about something else than {source}")


def _shown(receipt: Receipt) -> dict[str, str]:
    words = words_in(DEFAULT_LANGUAGE)
    verdict = next((verdict for verdict in Verdict if verdict.word == receipt.verdict), None)
    shown = {
        "Answer": headline(verdict, words) if verdict is not None else receipt.verdict,
        "Checked": format_time(receipt.checked),
        "Asked about": format_time(receipt.at),
        "By": f"{receipt.verifier or 'a command'} ({receipt.program})",
        "Given": f"SHA-256 {parse_sri(receipt.given).hex()}",
    }
    if receipt.token:
        shown["Certificate"] = f"SHA-256 {parse_sri(receipt.token).hex()}"
    return shown
