// What the component exports: the contract's functions, and no others.

import type * as contract from "quoin:pricing/quotes@0.1.0";
import type { Line, Quoted } from "quoin:pricing/quotes@0.1.0";
import { write } from "quoin:host/log@0.1.0";
import { explain, Refusal } from "./failure.ts";
import { quote } from "./quote.ts";

export const quotes: Pick<typeof contract, "quote"> = {
  quote(lines, context) {
    try {
      return quote(lines.map(arrived), context).map(leaving);
    } catch (thrown) {
      // What is thrown from here is the `err` of the contract if it has its shape, and a trap if not.
      // SQL errors have similar shapes, and must not be taken for it.
      if (thrown instanceof Refusal) throw thrown.error;
      const why = explain(thrown);
      write("error", why);
      throw new Error(why);
    }
  },
};

// QuickJS components take a u32 for an i32 on both ways: 4294967295 pieces arrive, and must leave, as -1.

function arrived(line: Line): Line {
  return { ...line, quantity: line.quantity >>> 0 };
}

function leaving(line: Quoted): Quoted {
  return { ...line, quantity: line.quantity | 0 };
}
