// Which characters a text may hold, up to Unicode 14, and of which script its letters are: generated from keys/text.py
// and keys/trust_rules.py.
//
// Ranges of code points: the gap before a run and the length of the run, in turn, in base 36.
// Scripts are numbered; those that a rule names come first.
"use strict";

globalThis.Handseal.characters = {
  plain:
    "w 2n x d 1 ip 1 14 2 6 4 7 1 1 1 k 1 b1 1 12 2 1e 2 3 1 1j 8 r 4 6 h m 1 5c 1 1c 2 1n 2 2t e 1n 2 1d 2 f 1 s 2 " +
    "1 1 b 5 v 9 22 1 4h 1 8 2 2 2 m 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 p 2 3 1 6 4 2 2 m 1 7 1 2 1 2 1 2 2 1 1 " +
    "5 4 2 2 3 3 1 7 4 1 1 7 h a 3 1 9 1 3 1 m 1 7 1 2 1 5 2 a 1 3 1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 m 1 7 1 2 1 5 " +
    "2 9 2 2 2 3 7 3 4 2 1 5 2 i a 2 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e l 5 d 1 3 1 n 1 g 2 " +
    "9 1 3 1 4 7 2 1 3 2 1 2 4 2 a 7 m 1 3 1 n 1 a 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 a 1 2 d d 1 3 1 1f 1 3 1 6 4 g 2 q " +
    "1 3 1 i 3 o 1 9 1 1 2 7 3 1 4 6 1 1 1 8 6 a 2 3 c 1m 4 t 11 2 1 1 1 5 1 o 1 1 1 n 2 5 1 1 1 6 2 a 2 4 w 20 1 " +
    "10 4 13 1 10 1 f 1 d 11 5i 1 1 5 1 2 3z 2 6g 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 2 " +
    "w 3 q 6 2e 2 6 2 il 3 2h 7 m 9 o 9 k c d 1 3 1 2 c 1g 2 14 2 a 6 a 6 b 5 a 6 2h 7 17 5 1y a v 1 c 4 c 4 1 3 16 " +
    "2 5 b 18 4 q 6 b 3 1q 2 1t 1 t 2 b 6 a 6 e 2 v 1d 25 3 1b 1 38 8 1o 3 f 3 1o 7 17 2 b 8 17 5 eu 2 6 2 12 2 6 2 " +
    "8 1 1 1 1 1 1 1 v 2 1h 1 f 1 e 2 6 1 j 2 3 1 9 1 b 5 o 7 1d g 2 2 r 1 d 3 x f x f 3w 4 if p b l ps 1 oj 2 w 1 " +
    "9p 5 19 1 1 5 1 2 1k 7 2 e o 9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 1 3i y q 1 2h c 5y q c 4 1s 1 2e 2 2v 5 17 1 1f 1 " +
    "16 1 2c c 1b 1 mlp 3 1j 9 9o k 54 8 5n 5 2 1 1 1 5 o 1n 3 a 6 1k 8 1y 8 c 6 38 b u 3 26 1 b 4 x 1 1j 9 e 2 a 2 " +
    "2v o s a 6 2 6 2 6 9 7 1 7 1 1o 4 3i 2 a 6 8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 q 1 5 1 1 1 2 1 2 1 3h g cd 2 " +
    "1i 7 1 w g g a 6 1f 1 j 1 4 4 5 1 3r 4 4f 1 u 3 6 2 6 2 6 2 3 3 7 1 7 d 2 2 c 1 q 1 j 1 2 1 f 2 e y 3f 5 3 4 " +
    "19 3 2g 1 d 3 1 1b 1a 3m t 3 1d f s 4 10 9 u 5 17 5 u 1 11 4 e 16 4e 2 a 6 10 4 10 4 14 8 1g b c 1 f 1 7 1 2 1 " +
    "b 1 f 1 7 1 2 1v 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1 1 18 1 2 3 1 2 n 1 20 8 9 1c j 1 2 5 x 3 r 5 1 1s 1k 4 k 2 " +
    "1e 1 2 5 8 1 3 1 t 2 3 4 a 7 9 7 1s w 13 4 c 9 1i 3 t 2 r 5 q 7 4 c 7 28 21 1j 1f d 1f 7 1a 8 a 86 v 1 16 1 3 " +
    "2 2 26 14 8 16 m q 12 s k n 9 26 4 10 9 1q 1 5 d p 7 a 6 1h 1 i 8 13 9 2o 1 k b i 1 18 1t 7 1 1 1 4 1 f 1 b 6 " +
    "1n 5 a 6 4 1 8 2 2 2 m 1 7 1 2 1 5 1 a 2 2 2 3 2 1 6 1 5 7 2 7 3 5 3v 2k 1 5 u 20 8 a 4m 1i 2 12 y 1x b a 6 d " +
    "j 1m 6 a 1i r 2 f 4 n 55 1o 2s 2b c 8 2 1 2 8 1 2 1 u 1 2 2 c 9 a 1y 8 2 1a 2 b r 20 8 2b d 21 7b 9 1 19 1 e a " +
    "t 3 w 2 m 1 e 21 7 1 2 1 18 3 1 1 2 1 9 8 a 6 6 1 2 1 11 1 2 1 6 7 a 8m p 53 1 f 1e d pn 2u 33 1 5 b 5g 218 2r " +
    "d tr 34h g7 6nt ft 7 v 1 a 4 29 1 a 6 u 2 6 a 1y a a 1 7 1 l 5 j j4 2j 2t 23 4 1l 7 h 1s 5 b 2 e 4qg 8 ye 16 9 " +
    "6w7 4 1 7 1 2 1 83 19 3 h 4 8 b0 1s4 2z 5 d 3 9 7 a 2 4 3mo 1a 2 n 9 38 1o 6u a 13 2 22 8 34 l 1y 4a k c 2f 9 " +
    "p 3r 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 84 2 ji f 5 1 f uo v 69 7 " +
    "1 h 2 7 1 2 1 5 5x 19 3 e 2 a 4 2 8w v h 1m 5 1 yo 7 1 4 1 2 1 f 1 5h 2 g 15 24 4 a 4 2 lt 1w 24 1p 5e 4 1 r 1 " +
    "2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 h " +
    "5 3 1 5 1 h 1g 2 7i 18 4 2s c f 2 f 1 f 1 11 a 4u 1k t d 18 4 9 7 2 e 6 4a rc 5 g 3 d 3 38 c 2h 7 c 4 1 f c 4 " +
    "1k 8 a 6 14 8 u 2 2 26 9g c e 2 5 3 5 3 7 9 t 3 b 5 6 a a 6 8 8 7 9 43 1 1j 11 a sm wyo w 37d 7 66 2 4g2 e 5rl " +
    "2e7 f2 15u 3t7",
  selectors:
    "1e68 g i9yo 6o",
  virama:
    "1u5 1 3j 1 3j 1 3j 1 3j 1 3j 1 3j 1 3j 1 31 2 g 1 3g 1 33 1 3j 1 5l 1 50 2 1cp 2 u 1 4d 1 i5 1 6b 1 2t 2 1y 2 " +
    "3gr 1 o7a 1 11 1 47 1 3y 1 30 1 8l 1 6u 1 imp 1 16u 1 15 1 e 1 1l 1 3d 2 3v 1 38 1 50 1 2q 1 6s 1 3j 1 70 1 3j " +
    "1 3a 1 38 1 7h 1 77 2 4h 1 2b 1 i 1 29 1 bp 1 78 2 29 1",
  marks:
    "lc 27 1 w 7n 7 7b 19 1 1 1 2 1 2 1 1 20 b 1c l g 1 2t 7 2 6 2 2 1 4 z 1 u r 2j b 1m 9 9 1 o 4 1 9 1 3 1 5 17 3 " +
    "1o 8 16 o 1 x 1i 3 1 i 1 7 a 2 t 3 1k 1 1 7 2 2 2 3 9 1 a 2 q 1 2 3 1k 1 1 5 4 2 2 3 3 1 u 2 3 1 b 3 1k 1 1 8 " +
    "1 3 1 3 k 2 m 6 1 3 1k 1 1 7 2 2 2 3 7 3 a 2 u 1 1n 5 3 3 1 4 9 1 14 5 1j 1 1 7 1 3 1 4 7 2 b 2 t 3 1k 1 1 7 1 " +
    "3 1 4 7 2 b 2 s 4 1j 2 1 7 1 3 1 4 9 1 a 2 t 3 1y 1 4 6 1 1 1 8 i 2 1p 1 2 7 c 8 2q 1 2 9 b 6 22 2 r 1 1 1 1 1 " +
    "4 2 1d k 1 2 5 b 1 10 9 1 2s k n 4 4 3 1 3 2 7 3 4 d c 1 1 a 4 jj 3 qa 4 s 3 t 2 u 2 1u u 9 1 4n 2 y 1 3a c 4 " +
    "c 63 5 1l a 1 t 2 1 1c v 1d 5 1b h 12 9 c 3 u d 1k e 1c k 48 3 1 l 4 1 6 1 2 3 5i 1s k0 x 2da 3 3x 1 2o w fe 6 " +
    "2x 2 n9w 4 1 a w 2 28 2 7k 1 3 1 4 1 n 5 4 1 2b 2 1e i q i d 1 12 8 p d 18 4 1b e 10 1 1v e c 1 8 2 19 3 1e 1 " +
    "1 3 2 2 5 2 1 1 15 5 5 2 6k 8 1 2 fn4 1 ld g r1 1 6a 1 45 5 1ae 3 1 2 5 4 14 3 4 1 4l 2 fx 4 ar 2 49 b 1d 4 3e " +
    "3 1h f 15 1 2 2 a 4 19 b 7 1 1p 3 10 e g 2 18 1 c 3 1c e 8 4 1 2 2k c 6 1 4g c l 4 1j 2 1 7 2 2 2 3 9 1 a 2 2 " +
    "7 3 5 5c i n 1 29 k 6j 7 2 9 r 2 2a h 2y d 2t f 74 f 6t 6 1 2 2 4 1 1 1 2 3x 7 2 7 3 1 s a 14 7 1 4 8 1 9 b 1a " +
    "g b9 8 1 8 2a m 1 e 3e 6 3 1 1 2 1 7 1 1 1u 5 1 2 1 5 9n 4 f09 5 1n 7 t4 1 1 1j 7 4 29 1 b 2 f57 2 3mp 1a 2 n " +
    "f2 5 3 6 8 8 2 7 u 4 44 3 1iz 1j 4 1e 8 1 e 1 m 5 1 f 11s 7 1 h 2 7 1 2 1 5 79 7 af 1 1p 4 15s 7 31 7",
  looksLatin:
    "4q 1 7 2 5 2 3b 2 23 1 1z 6 10 3 58 1 1 2 3 2 14 3 3w 8 2 6 4 7 1 1 1 k 1 68 7 4m 1 12 2 1e 4 1 2s0 2e 2 6 2 " +
    "hs w 2h c7 1y p6 9 4d 7 1 1 1 2 1 8 1 1 1 6 3 3 3 1 1 2 1 1 3 3 2 1 6 9 1d 1 3 1 q 1 90 m 2 6 2 12 2 6 2 8 1 1 " +
    "1 1 1 1 1 v 2 1h 1 f 1 e 2 6 1 j 2 3 1 9 35 2 2 6 5 b 6 4 1 8 b 1 2h 1 7 5 1 4 1 2 2 5 2 3 1 1 3 1 1 1 1 2 1 3 " +
    "1 2 4 1 1 1 9 5 m w kg k 1u 1h 1ht 2 2 38 5 7 1c 1k 7 2 e 1 y8 g 29 f c 4 4h a 5 2 1 9 2 7 1 5 1 b 2 5 2 2 1 3 " +
    "1 5 1 3 3 3 2 g 1 5 x 1 ma8 9o k 1b f u 4 2g 6y 3 og 1 a 28 fnk 7 c 5 s8 a 7 q 6 q dh 26 i 1 67 t 3 1d f s 4 " +
    "10 9 u 5 12 16 10 4 e 16 28 2o 10 4 10 4 14 hp 1 ai q 5 1 80 1s 9s 21 1j 1f d 1f 7 6 e8 14 20 q 1sm 2b c 1 c0 " +
    "g z4 1 ea7 ft 149 2 jdo 1u 3 1 ca 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 " +
    "9e 8a 1e 4yz 4 1 w q 3 z 1 te 1 15 1 176 a",
  commonLetters:
    "4q 1 a 1 4 1 dx i 4 1 1 a e 5 7 1 1 1 2rx 1 2en 1i m 1 y 11 2wt 1 p3 2 6t 1 n8f 2 3d 9 28 1 n 1 2x 3 3 2 o2 4 " +
    "9 1 i6u 6 1 16 1 9 klh 4qg zs 9",
  joiningT:
    "lc 27 1 w 7n 7 7b 19 1 1 1 2 1 2 1 1 20 b 1c l g 1 2t 7 2 6 2 2 1 4 z 1 u r 2j b 1m 9 9 1 o 4 1 9 1 3 1 5 17 3 " +
    "1o 8 16 o 1 w 1j 1 1 1 4 8 4 1 3 7 a 2 t 1 1m 1 4 4 8 1 k 2 q 1 2 2 1l 1 4 2 4 2 2 3 3 1 u 2 3 1 b 2 1l 1 4 5 " +
    "1 2 4 1 k 2 m 6 1 1 1m 1 2 1 1 4 8 1 7 2 b 2 u 1 1p 1 c 1 1e 1 3 1 1j 1 1 3 5 3 1 4 7 2 b 2 t 1 1m 1 2 1 6 1 5 " +
    "2 k 2 s 2 1l 2 4 4 8 1 k 2 t 1 20 1 7 3 1 1 2i 1 2 7 c 8 2q 1 2 9 b 6 22 2 r 1 1 1 1 1 1j e 1 5 1 2 5 b 1 10 9 " +
    "1 2u 4 1 6 1 2 2 2 p 2 4 3 g 4 d 1 2 2 6 1 f 1 jj 3 qa 3 t 2 u 2 u 2 1v 7 8 1 2 b 9 1 4n 2 y 1 3a 3 4 2 9 1 6 " +
    "3 63 2 2 1 1m 1 1 7 1 1 1 1 2 8 6 a 2 1 1c v 1d 4 1c 1 1 5 1 1 5 1 14 9 c 2 w 4 2 2 1 3 1k 1 1 2 3 1 1 3 1m 8 " +
    "2 2 48 3 1 d 1 7 4 1 6 1 3 2 5i 1s k0 x 2da 3 3x 1 2o w fe 4 2z 2 n9w 4 1 a w 2 28 2 7k 1 3 1 4 1 p 2 5 1 47 2 " +
    "q i d 1 12 8 p b 1a 3 1c 1 2 4 2 2 13 1 1v 6 2 2 2 2 c 1 8 1 1b 1 1f 1 1 3 2 2 5 2 1 1 16 2 8 1 6m 1 2 1 4 1 " +
    "fn4 1 ld g r1 1 6a 1 45 5 1ae 3 1 2 5 4 14 3 4 1 4l 2 fx 4 ar 2 49 b 1d 4 3f 1 1i f 15 1 2 2 a 3 1d 4 2 2 7 1 " +
    "1p 3 10 5 1 8 1q 1 c 2 1g 9 a 4 2 1 2n 3 2 1 1 2 6 1 4g 1 3 8 l 2 1l 2 3 1 11 7 3 5 5f 8 2 3 1 1 n 1 2c 6 1 1 " +
    "4 2 1 2 6m 4 6 2 1 2 r 2 2d 8 2 1 1 2 2y 1 1 1 2 6 1 1 2t 1 1 1 2 4 1 5 77 9 1 2 74 2 1 1 4 1 40 4 2 2 4 1 w a " +
    "14 6 2 4 8 1 9 6 2 3 1a d 1 2 ba 7 1 6 1 1 2a m 2 7 1 2 1 2 3e 6 3 1 1 2 1 7 1 1 20 2 3 1 1 1 9n 2 f0b 5 1n 7 " +
    "t4 1 1r 4 29 1 f5k 2 3mp 1a 2 n f4 3 h 8 2 7 u 4 44 3 1iz 1j 4 1e 8 1 e 1 m 5 1 f 11s 7 1 h 2 7 1 2 1 5 79 7 " +
    "af 1 1p 4 15s 7 31 8",
  joiningD:
    "17k 1 5 1 1 1 1 5 4 d 1 7 1 2 z 2 8 g i 12 1 2 9 1 1 1 1 2 14 3 2 1 i 3 5 4 1 9 1 1 1 1 1 2 v b 3 f 2 4 1 1 2 " +
    "3 2 6 22 x 2e 5 2 1 1 a 1 1 a 1 1 4 2 1 t 1 2 5 i a 5 2 2 6 1 f 30e 1 o 2h e y 1 1 sd1 1e jf2 5 e 4 1 5 1 3 a " +
    "4 41 1 1 1 3 3 1 2 1 1 2 1 s 2 9e x 1 1 ek 3 1 h c 3 s 4 2 c 1a 1 1 2 4 1 2 2 1 2 1 1 2 1 5 1 16wl 1w",
  joiningL:
    "x9u 1 jfe 1 9 1 fc 1 ju 1",
  joiningR:
    "17m 4 1 1 1 1 5 4 l 1 14 3 1 3 g i 12 1 2 9 1 1 1 1 2 2 1 1 o 2 w 1 4 5 4 1 9 1 1 1 1 1 2 1 t 1 b 3 f 2 4 1 1 " +
    "2 3 2 5i 1 5 2 1 1 a 1 1 3 e 1 1 2 5 j b 1 r 3 1 1 2 2 6 1 1eyz 1 1 1 1 2 3 5 a 1 3 1 2 1 a 1 41 1 1 3 3 1 2 1 " +
    "1 2 1 1 n 4 ad 1 eo 1 w 1 v 2 1q 3 2 2 2 1 4 2 5 1",
  letters:
    "1t q 6 q 1x n 1 v 1 c8 n 1 4o 5 1 2 2 4 1 1 6 1 1 3 1 1 1 k 1 1r 0 e 0 6 1 9 0 3m 8 4m 1 12 2 1 6 15 1z r 4 4 " +
    "19 17 z 2 1 2r 1 1 f 2 7 2 a 3 2 1 g 1 1 u t 3 0 1c 0 12 b 1 o x 9 2 4 1 5 m 4 1 9 1 3 1 n p 7 b 5 o 1 6 h 16 " +
    "1m 1i 3 1 i 1 7 a f f 0 1 4 8 2 2 2 m 1 7 1 1 3 4 3 1 g 1 d 2 1 3 e 2 a 1 8 6 4 2 2 m 1 7 1 2 1 2 1 2 v 4 1 1 " +
    "j 3 g 9 1 3 1 m 1 7 1 2 1 5 3 1 i 1 f 2 n 1 b 8 2 2 2 m 1 7 1 2 1 5 3 1 u 2 1 3 f 1 h 1 1 6 3 3 1 4 3 2 1 1 1 " +
    "2 3 2 3 3 3 c m 1 1g 8 1 3 1 n 1 g 3 1 q 3 2 1 2 2 u 1 4 8 1 3 1 n 1 a 1 5 3 1 v 2 1 2 f 2 h 9 1 3 1 15 2 1 g " +
    "1 5 3 8 3 o 6 5 i 3 o 1 9 1 1 2 7 1m 1c 1 2 c 7 1m 2 1 1 1 5 1 o 1 1 1 a 1 2 9 1 2 5 1 1 l 4 w 1 1r 8 1 10 r 5 " +
    "37 17 k 1 g 6 4 4 3 1 3 2 7 3 4 d c 1 h 12 1 1 5 1 2 17 2 3 0 2n 2 4f 0 21 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 " +
    "7 1 1 1 4 2 f 1 1l 1 4 2 1v 11 g g 2e 2 6 3 h8 2 h 1 q 5 23 6 8 7 i d 1 0 i e i e d 1 3 f 1g z 1 4 1 1v 2h 7 5 " +
    "2 y 1 1 5 1y a v 1d u 2 5 b 18 4 q 1i n 9 1h 2a 1 2l 1b h 8 1i u d 2 a 6 0 12 q 10 15 3 a 10 2 9 7 17 2 3 15 4 " +
    "1 6 1 2 3 1 5 12 0 5 0 1 1i 4 0 5 0 d 1 y 2t 74 0 m 2 6 2 12 2 6 2 8 1 1 1 1 1 1 1 v 2 1h 1 7 1 1 3 3 1 7 3 4 " +
    "2 6 4 d 5 3 1 7 38 1 d 1 g d 2t 1 4 1 2 2 0 1 0 1 0 2 0 1 0 1 0 2 1 1 3 2 0 1 0 1 0 1 6 1 1 1 1 1 1 1 0 1 0 1 " +
    "0 1 1 3 0 1 0 2 0 1 0 1 0 1 0 1 0 1 2 4 5 5 4 1 1g 1 0 1 22j 2o 0 t 1 2 0 2t 6 4 3 2 c 12 1 1 5 1 2 1k 7 1 g n " +
    "9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 28 1 e9 5 5 1 0 1 4 2e 6 3 1 2i 2 3 5 17 1 1f 1 16 h w 1c g e8 534 1s g74 0 wd " +
    "1v 1a 2 7h 3 g a 2 k 1b g t 4 1y 1o 26 1 n 3 1s 5 2 1 1 1 5 r 3 2 6 0 2 1 3 1 4 1 n t 1g e 1e 1q 6 3 1 1 2 b s " +
    "a n p t 7 1b s 1 g 5 1 a a 5 1 15 n 3 1 8 k n 3 1 3 2 0 1c 1 1 3 2 2 5 2 1 1 1 o 3 2 b 7 3 c 6 2 6 2 6 9 7 1 7 " +
    "1 17 5 5 0 1 0 3 7 28 0 z t 8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 1 1 a 1 d 1 5 1 1 1 2 1 2 1 a 0 2q x a3 i 1s 2 " +
    "1i 14 c 38 5 1 3r 10 q 6 q b 1m 1 u 3 6 2 6 2 6 2 3 z c 1 q 1 j 1 2 1 f 2 e y 3f at t 3 1d 1b w d 3 0 h 1 8 6 " +
    "12 a u 2 10 4 8 1c 28 0 1c 0 u i 10 4 10 4 14 8 1g c b 1 f 1 7 1 2 1 b 1 f 1 7 1 2 1v 8n 9 m a 8 48 6 2 1 1 18 " +
    "1 2 3 1 2 1 0 m a n 9 v 1t j 1 2 a m a q 1y 1k 6 2 1s 1 f 4 1 3 1 t 16 t 3 t z 8 1 s r 1i a m a j d i 32 21 1j " +
    "1f d 1f d 10 9o 16 6 2 26 t a 1 8 m 16 i 1a l r n c 1h 1l 2 2 1 d 19 w p q 10 t 1 2 1 8 z 3 1 c 1c e 4 l 1 1 1 " +
    "z i 1 p 2c 7 1 1 1 4 1 f 1 a 7 1b 12 8 2 2 2 m 1 7 1 2 1 5 3 1 i 1 c 5 4e 1h i 4 k 3 u 1c k 2 1 1 54 1b 15 4 " +
    "10 1c k 1 1n 17 d 1 1z r 11 7 55 18 38 1s v 1 0 7 2 1 2 8 1 2 1 o f 1 1 1 2m 8 2 13 g 1 1 1 s 1 a 14 7 1 l 1 b " +
    "1a j 1 i g 0 1l 7b 9 1 11 h 1 1d u 34 7 1 2 1 12 l 1 p 6 1 2 1 w e 1 93 j 59 1 27 pm 6e 5g 218 2p f tr 34h g7 " +
    "6nt ft 7 v h 27 h u i 1c g 4 v l 5 j j4 1s 3k 23 5 1 1u d 1s 1 0 1 1 1 4rg lc 0 d2 6xm 4 1 7 1 2 1 1 0 1 0 7x " +
    "0 1 0 3 19 3 h 4 8 b0 1s4 2z 5 d 3 9 7 a 4me 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 " +
    "1 1 3 7 1 9g 2 p 1 p 1 v 1 p 1 v 1 p 1 v 1 p 1 v 1 p 1 8 1f8 v dd 19 a 7 g 1 8x u i 18 z8 7 1 4 1 2 1 f 1 5h " +
    "1n 1w 7 1 xg 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 " +
    "1 4 1 4 1 1 1 a 1 h 5 3 1 5 1 h 3es wyo w 37d 7 66 2 4g2 e 5rl 2e7 f2 15u 3t7",
  letterScripts:
    "27 27 27 27 27 q 1j 1j 1j 1j 1j 1j 1j 1j 1j w 1j 1j 10 10 b b b 1r 1r a a a a a a a a 3y 3y 3y a 47 47 31 31 " +
    "31 3l 3l 3l 3l 2h 3y a a a 13 13 13 13 13 h h h h h h h h h h h h h 1m 1m 1m 1m 1m 1m 1m 1m 1m 1m 1k 1k 1k 1k " +
    "1k 1k 1k 1k 1k 1k 38 38 38 38 38 38 38 38 38 38 43 43 43 43 43 43 43 43 43 43 43 46 46 46 46 46 46 46 46 1y 1y " +
    "1y 1y 1y 1y 1y 1y 1y 1y 2g 2g 2g 2g 2g 2g 2g 2g 3r 3r 3r 3r 3r 48 48 48 26 26 26 26 26 26 26 26 26 26 26 49 49 " +
    "49 49 2w 2w 2w 2w 2w 2w 2w 2w 2w 1e 1e 1e 1e 1e 4 4 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b 1b u u o o " +
    "34 3k 3k 3z 3z 1p n 40 40 23 23 23 2t 2t 2t 2t o 29 41 41 2z 2z m 41 41 d d 3v 3v 3v g 28 28 36 10 1e 1e 4g 4g " +
    "4g 4g 27 1j 10 27 1j 27 27 27 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 1j 3w 3w 27 16 1c 3n k 16 " +
    "3g 3n k 3n 16 16 3n k 16 16 35 k 20 9 3n k 3n 4d 3n 7 i 1f 11 1u 16 16 4d 3j 27 1g 27 27 w w w 1e 1e 1e 4a 4a " +
    "1b 1b 1b 1b 1b 1b 1b 1b 1b 4h 4h 4h 2l 1 1 2 2 3 4 4 3 2 0 0 4m 2b 4f 4f 4f 10 10 e 27 27 27 27 27 27 27 27 3x " +
    "3x 3x 3x 3e 3m 13 13 13 1z 3i 4 1w 1w 2w 2w 2w t t t 2w 2w 2w 41 41 41 41 41 41 41 2o 2o 1b 1b 1b 1b 1b 27 27 " +
    "1j 27 u 2o 4 4 4 0 0 27 b 1r 1r 1r 1r 1r 1r 1r 1r a a a a a a a 1d 1d 1n 1n 1n 1n 1n 1n 2a 2a 2a 2a 2a 2a 2a " +
    "2c p 37 37 1h 1h 37 4e 37 37 12 3p 3a 39 39 19 r 4i 4i 4i 4i 4i 4i 4i 4i 2a 2a 2a y y y y y y 1t 3c 2x 1q 1q " +
    "3f 2d 2q 2q 21 21 21 21 37 37 2i 2i c 1v 1v 3h 37 37 37 1o 4l 4l 37 37 3s 37 v 1a l l l 1x 3t s s s 2e 2e 3o " +
    "3o 3o 3o 24 24 2v 2v 2v 2v 2v 25 1i 1i 1i 1i 1i 1i 1i 1i 1i 30 30 30 4b 4b 4b 3q 3q 2s 2s 42 42 6 6 15 4k 4k " +
    "14 14 14 14 14 14 14 2y 2y 2y 2y 4n 4n 4n 3u 3u 3u o 3d j j j 2j 2k 2k 2k 2k 1l 1l 1l 1l 2f 2b x x z 18 8 e 2u " +
    "44 f 3b 3b 3b 3b 2n 2r 2r 2r 45 32 37 45 22 2 2 2 2 1 1s 1 2 1 2 32 17 17 17 17 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m " +
    "2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 2m 27 33 33 33 4c 4j 1b 1b 1b 1b 2p 5 5 a a a a a a a " +
    "a a a a a a a a a a a a a a a a a a a a a a a a a a 0 0 0 0 0 0 0",
  scripts:
    "CJK HIRAGANA KATAKANA BOPOMOFO HANGUL",
};
