import { inflateSync } from 'node:zlib';

/**
 * Pixels of a PNG of 8-bit RGB without interlacing, row by row, three bytes each (W3C PNG, third edition, clauses 5
 * and 9). Enough for the data set of blood cells; anything else is an error.
 */
export function decodePng(file: Buffer): { width: number; height: number; pixels: Uint8Array } {
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const data = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(data);
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  // Bit depth 8, colour type 2, and no interlacing.
  if (file[24] !== 8 || file[25] !== 2 || file[28] !== 0) throw new Error('the picture is not of 8-bit RGB');
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * 3;
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)] ?? 0;
    for (let i = 0; i < stride; i += 1) {
      const at = y * stride + i;
      const left = i < 3 ? 0 : (pixels[at - 3] ?? 0);
      const up = y === 0 ? 0 : (pixels[at - stride] ?? 0);
      const upLeft = i < 3 || y === 0 ? 0 : (pixels[at - stride - 3] ?? 0);
      pixels[at] = (raw[y * (stride + 1) + 1 + i] ?? 0) + predicted(filter, left, up, upLeft);
    }
  }
  return { width, height, pixels };
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return Math.floor((left + up) / 2);
  if (filter !== 4) throw new Error(`there is no filter ${filter}`);
  const [a, b, c] = [left, up, upLeft].map((value) => Math.abs(left + up - upLeft - value)) as [number, number, number];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
