"""One signature, one strict reading, one status list: what everything else is made of."""

from collections.abc import Callable, Iterator
from functools import partial

from keys.algorithms import Algorithm, generate_private_key, jwk_of, public_key
from keys.encoding import canonical, digest_words, sha256, strict_json
from keys.jws import sign_token, split_token
from keys.signer import MemorySigner
from keys.status import decode_bits, encode_bits, set_bits

PAYLOAD = canonical({f"member{number:03}": "ข้อความ a text of some length " * 3 for number in range(40)})
LIST_BITS = 131_072


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    for algorithm in Algorithm:
        key = generate_private_key(algorithm)
        signer = MemorySigner(key, "https://clinic.example")
        token = split_token(sign_token(PAYLOAD, signer).encode("ascii"))
        verify = public_key(jwk_of(key)).require_signature
        yield f"sign {len(PAYLOAD):,} bytes, {algorithm.value}", partial(sign_token, PAYLOAD, signer)
        yield f"verify them, {algorithm.value}", partial(verify, token.signed, token.signature)
    yield f"read {len(PAYLOAD):,} bytes of JSON strictly", partial(strict_json, PAYLOAD, "bench")
    yield "digest and its words", lambda: digest_words(sha256(PAYLOAD))
    bits = set_bits(bytes(LIST_BITS // 8), set(range(0, LIST_BITS, 97)))
    encoded = encode_bits(bits)
    yield f"encode a status list of {LIST_BITS:,}, one in 97 set", partial(encode_bits, bits)
    yield "decode it", partial(decode_bits, encoded, "bench")
