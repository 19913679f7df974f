const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** What quantities of Kubernetes look like, as it says itself. */
export const QUANTITY = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;

const MAX_LENGTH = 64;

/** A long row of digits, which the pattern takes long to refuse, is none. */
export function isQuantity(text: string): boolean {
  return text.length <= MAX_LENGTH && QUANTITY.test(text);
}

/** The amount a quantity of Kubernetes means (`250m` → 0.25, `1Ki` → 1024); undefined when it is none. */
export function amountOf(quantity: string): number | undefined {
  const [, digits = '', suffix = ''] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))((?:[eE][-+]?\d+)|[a-zA-Z]*)$/.exec(quantity) ?? [];
  if (digits === '') return undefined;
  const factor = /^[eE][-+]?\d+$/.test(suffix) ? Number(`1${suffix}`) : SUFFIX[suffix];
  return factor === undefined ? undefined : Number(digits) * factor;
}
