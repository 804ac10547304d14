// Amounts of money: whole minor units, 64-bit integers in the contract and Numbers here.

/** The largest amount that a Number holds exactly; the smallest is its negative. */
export const EXACT_MAX = Number.MAX_SAFE_INTEGER;

/**
 * The amount, or null where it may have been rounded.
 *
 * What is beyond EXACT_MAX is still beyond it after rounding, so an amount that passes is exact.
 */
export function exact(minor: number): number | null {
  return Number.isSafeInteger(minor) ? minor : null;
}

/** An exact amount `quantity` times, or null where the product is not exact. */
export function times(minor: number, quantity: number): number | null {
  return exact(minor * quantity);
}

/** An exact amount less a tenth of it, the tenth rounded towards zero to a whole minor unit. */
export function lessATenth(minor: number): number {
  return minor - (minor - (minor % 10)) / 10;
}
