/** Powers of 2 in GF(256) with the polynomial of QR codes (x^8 + x^4 + x^3 + x^2 + 1), and their logarithms. */
const powers: number[] = [];
const logarithms: number[] = [];
for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
  powers.push(value);
  logarithms[value] = exponent;
  value = value < 128 ? value * 2 : (value * 2) ^ 0x11d;
}

function product(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return powers[((logarithms[a] ?? 0) + (logarithms[b] ?? 0)) % 255] ?? 0;
}

/** The codewords of error correction (Reed and Solomon) of a block of a QR code: `count` bytes. Pure. */
export function correctionOf(data: readonly number[], count: number): number[] {
  const generator = generatorOf(count);
  let rest = Array.from({ length: count }, () => 0);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    rest = [...rest.slice(1), 0].map((value, at) => value ^ product(generator[at + 1] ?? 0, factor));
  }
  return rest;
}

/** (x - 2^0)(x - 2^1)…, highest power first. */
function generatorOf(count: number): number[] {
  let polynomial = [1];
  for (let root = 0; root < count; root += 1) {
    const by = powers[root] ?? 0;
    polynomial = [...polynomial, 0].map((value, at) => value ^ product(polynomial[at - 1] ?? 0, by));
  }
  return polynomial;
}
