// Inflates zlib and gzip (RFC 1950, 1951, 1952) no further than it is told to, whatever the bytes claim (S06, P04).
//
// The browser's DecompressionStream cannot stop in the middle, refuses what PDF writers leave behind a stream, and is
// not in every browser that can check signatures; an answer must not depend on that.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault } = H;

  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const DISTANCES = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
    12289, 16385, 24577,
  ];
  const DISTANCE_BITS = DISTANCES.map((_, code) => Math.max(0, (code >> 1) - 1));
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const WINDOW = 32768;

  /** Stops an inflation whose output is as long as was asked for. */
  class Full extends Error {}

  class Bits {
    constructor(bytes, position) {
      Object.assign(this, { bytes, position, held: 0, count: 0 });
    }

    /** The next `count` bits, the least significant first. */
    take(count) {
      while (this.count < count) {
        if (this.position >= this.bytes.length) throw new Fault("ends too early");
        this.held |= this.bytes[this.position++] << this.count;
        this.count += 8;
      }
      const value = this.held & ((1 << count) - 1);
      this.held >>>= count;
      this.count -= count;
      return value;
    }

    align() {
      this.held = this.count = 0;
    }

    /** The next symbol of a canonical Huffman code. */
    symbol({ counts, symbols }) {
      let code = 0;
      let first = 0;
      let index = 0;
      for (let length = 1; length <= 15; length += 1) {
        code |= this.take(1);
        const count = counts[length];
        if (code - count < first) return symbols[index + code - first];
        index += count;
        first = (first + count) << 1;
        code <<= 1;
      }
      throw new Fault("has a code that is none");
    }
  }

  /** A Huffman code from the lengths of its symbols; more codes than fit, or fewer than one alone, are refused. */
  function huffman(lengths) {
    const counts = new Uint16Array(16);
    for (const length of lengths) counts[length] += 1;
    let left = 1;
    for (let length = 1; length <= 15; length += 1) {
      left = left * 2 - counts[length];
      if (left < 0) throw new Fault("has a code of too many symbols");
    }
    const used = lengths.length - counts[0];
    if (left > 0 && !(used === 0 || (used === 1 && counts[1] === 1))) throw new Fault("has a code of too few symbols");
    counts[0] = 0;
    const offsets = new Uint16Array(16);
    for (let length = 1; length < 15; length += 1) offsets[length + 1] = offsets[length] + counts[length];
    const symbols = new Uint16Array(used);
    lengths.forEach((length, symbol) => {
      if (length) symbols[offsets[length]++] = symbol;
    });
    return { counts, symbols };
  }

  class Output {
    constructor(most) {
      Object.assign(this, { most, bytes: new Uint8Array(Math.min(most, 4096)), length: 0 });
    }

    push(byte) {
      if (this.length === this.most) throw new Full();
      if (this.length === this.bytes.length) {
        const larger = new Uint8Array(Math.min(this.most, this.bytes.length * 4));
        larger.set(this.bytes);
        this.bytes = larger;
      }
      this.bytes[this.length++] = byte;
    }

    repeat(distance, count) {
      if (distance > this.length || distance > WINDOW) throw new Fault("refers to before its start");
      for (let n = 0; n < count; n += 1) this.push(this.bytes[this.length - distance]);
    }
  }

  const run = (count, length) => new Array(count).fill(length);
  let fixedCodes;
  const fixed = () =>
    (fixedCodes ??= [huffman([...run(144, 8), ...run(112, 9), ...run(24, 7), ...run(8, 8)]), huffman(run(32, 5))]);

  function dynamic(bits) {
    const literals = bits.take(5) + 257;
    const distances = bits.take(5) + 1;
    const lengths = new Array(19).fill(0);
    for (let n = bits.take(4) + 4, at = 0; at < n; at += 1) lengths[ORDER[at]] = bits.take(3);
    if (literals > 286 || distances > 30) throw new Fault("has a code of too many symbols");
    const code = huffman(lengths);
    if (!code.symbols.length) throw new Fault("has no code");
    const all = [];
    while (all.length < literals + distances) {
      const symbol = bits.symbol(code);
      if (symbol < 16) all.push(symbol);
      else if (symbol === 16 && !all.length) throw new Fault("repeats nothing");
      else all.push(...(symbol === 16 ? run(3 + bits.take(2), all.at(-1)) : run(symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7), 0)));
    }
    if (all.length > literals + distances || !all[256]) throw new Fault("has lengths of too many symbols, or no end");
    return [huffman(all.slice(0, literals)), huffman(all.slice(literals))];
  }

  function inflateBlock(bits, output, [literal, distance]) {
    for (;;) {
      const symbol = bits.symbol(literal);
      if (symbol < 256) output.push(symbol);
      else if (symbol === 256) return;
      else {
        const long = symbol - 257;
        if (long >= LENGTHS.length) throw new Fault("has a length that is none");
        const count = LENGTHS[long] + bits.take(LENGTH_BITS[long]);
        const far = bits.symbol(distance);
        if (far >= DISTANCES.length) throw new Fault("has a distance that is none");
        output.repeat(DISTANCES[far] + bits.take(DISTANCE_BITS[far]), count);
      }
    }
  }

  function inflateStored(bits, output) {
    bits.align();
    const [low, high, notLow, notHigh] = [bits.take(8), bits.take(8), bits.take(8), bits.take(8)];
    if ((low ^ notLow) !== 255 || (high ^ notHigh) !== 255) throw new Fault("has a stored block of two lengths");
    for (let left = low + high * 256; left > 0; left -= 1) output.push(bits.take(8));
  }

  function inflateRaw(bits, output) {
    for (let last = 0; !last; ) {
      last = bits.take(1);
      const kind = bits.take(2);
      if (kind === 3) throw new Fault("has a block that is none");
      if (kind === 0) inflateStored(bits, output);
      else inflateBlock(bits, output, kind === 1 ? fixed() : dynamic(bits));
    }
    bits.align();
  }

  /** Start of the deflated data behind a gzip header. */
  function gzipStart(bytes) {
    const [one, two, method, flags] = bytes;
    if (bytes.length < 18 || one !== 31 || two !== 139 || method !== 8 || flags & 0xe0) throw new Fault("is not gzip");
    let position = 10;
    if (flags & 4) position += 2 + bytes[position] + bytes[position + 1] * 256;
    for (const flag of [8, 16]) if (flags & flag) position = bytes.indexOf(0, position) + 1 || bytes.length;
    return flags & 2 ? position + 2 : position;
  }

  function zlibStart(bytes) {
    const [method, flags] = bytes;
    const isZlib = (method & 15) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0 && !(flags & 32);
    if (bytes.length < 2 || !isZlib) throw new Fault("is not zlib");
    return 2;
  }

  function adler32(bytes) {
    let a = 1;
    let b = 0;
    for (const byte of bytes) b = (b + (a = (a + byte) % 65521)) % 65521;
    return b * 65536 + a;
  }

  let crcTable;
  function crc32(bytes) {
    crcTable ??= Array.from({ length: 256 }, (_, number) => {
      for (let bit = 0; bit < 8; bit += 1) number = number & 1 ? (number >>> 1) ^ 0xedb88320 : number >>> 1;
      return number >>> 0;
    });
    let crc = -1;
    for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ -1) >>> 0;
  }

  /** The first `most` bytes of what is deflated, whether that is all of it, and how many bytes are left over behind it.
   *
   * A Fault for what is not of the format, or whose sum does not hold. */
  function inflate(bytes, format, most) {
    const bits = new Bits(bytes, format === "gzip" ? gzipStart(bytes) : zlibStart(bytes));
    const output = new Output(most);
    try {
      inflateRaw(bits, output);
    } catch (error) {
      if (!(error instanceof Full)) throw error;
      return { bytes: output.bytes.subarray(0, output.length), whole: false, left: 0 };
    }
    const found = output.bytes.subarray(0, output.length);
    const sum = [bits.take(8), bits.take(8), bits.take(8), bits.take(8)];
    const [a, b, c, d] = format === "gzip" ? sum.reverse() : sum;
    if (a * 0x1000000 + b * 0x10000 + c * 256 + d !== (format === "gzip" ? crc32(found) : adler32(found))) {
      throw new Fault("has a sum that does not hold");
    }
    if (format === "gzip") {
      const size = [bits.take(8), bits.take(8), bits.take(8), bits.take(8)];
      if (size.reduceRight((total, byte) => total * 256 + byte, 0) !== found.length) throw new Fault("has another length");
    }
    return { bytes: found, whole: true, left: bytes.length - bits.position };
  }

  Object.assign(H, { inflate });
}
