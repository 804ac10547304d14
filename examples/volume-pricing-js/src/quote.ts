// The price of a whole cart: what the price lists say, and a tenth less when it is a large one.

import type { Context, Line, Quoted } from "quoin:pricing/quotes@0.1.0";
import type { FieldFault } from "quoin:types/types@0.1.0";
import { caller, principal } from "quoin:host/call@0.1.0";
import { Refusal, refuse } from "./failure.ts";
import { EXACT_MAX, exact, lessATenth, times } from "./money.ts";
import { key, type Price, pricesOf } from "./prices.ts";

/** Lines of one quote, as the contract has it. */
const LINES_MAX = 1_000;
/** Pieces in all, from which on they cost less. */
const LARGE = 10;

export function quote(lines: Line[], context: Context): Quoted[] {
  check(lines, context);
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
  const prices = pricesOf(lines, context);
  const faults: FieldFault[] = [];
  const quoted = lines.map((line, i) => {
    const price = prices.get(key(line.variant, line.quantity));
    return priced(line, price, context.currency, pieces >= LARGE, (field, problem) => {
      faults.push({ field: `lines/${i}/${field}`, problem });
    });
  });
  refuse(faults);
  return quoted.filter((line) => line !== undefined);
}

function check(lines: Line[], context: Context) {
  const faults: FieldFault[] = [];
  if (lines.length > LINES_MAX) {
    const problem = `are ${lines.length}; at most ${LINES_MAX} are possible`;
    faults.push({ field: "lines", problem });
  }
  if (!/^[A-Z]{3}$/.test(context.currency)) {
    const problem = "must be an ISO 4217 code of three capital letters, e.g. EUR";
    faults.push({ field: "context/currency", problem });
  }
  lines.forEach((line, i) => {
    if (line.quantity === 0) {
      faults.push({ field: `lines/${i}/quantity`, problem: "must be at least 1" });
    }
  });
  refuse(faults);
  // A stranger could claim any group. Plugins and staff know which one a buyer has.
  if (context.group !== null && caller() === null && principal().role !== "admin") {
    const val = "prices of a group are quoted to plugins and staff only";
    throw new Refusal({ tag: "denied", val });
  }
}

/** The quote of a line, or undefined when something is at fault with it. */
function priced(
  line: Line,
  price: Price | undefined,
  currency: string,
  large: boolean,
  fault: (field: string, problem: string) => void,
): Quoted | undefined {
  if (price === undefined) {
    return void fault("variant", `has no price in ${currency}`);
  }
  const { minor, plain } = price;
  if (exact(minor) === null || (plain !== null && exact(plain) === null)) {
    return void fault("variant", `has a price beyond ${EXACT_MAX}, which cannot be calculated exactly`);
  }
  // An override wins over everything else, and so over this.
  const less = large && price.kind !== "override";
  const unit = less ? lessATenth(minor) : minor;
  const total = times(unit, line.quantity);
  if (total === null) {
    return void fault("quantity", "makes the total too large");
  }
  let reason = `${price.kind} "${price.title}"`;
  if (price.minQuantity > 1) reason += ` from ${price.minQuantity} pieces`;
  if (less) reason += `, 10 % off from ${LARGE} pieces in all`;
  return {
    variant: line.variant,
    quantity: line.quantity,
    unit: { minor: unit, currency },
    total: { minor: total, currency },
    regular: plain === null || plain === unit ? null : { minor: plain, currency },
    taxIncluded: price.taxIncluded,
    reason,
  };
}
