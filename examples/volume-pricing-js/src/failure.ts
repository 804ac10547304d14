// How a call fails: refused with an error of the contract, or broken.

import type { Error as Refused, FieldFault } from "quoin:types/types@0.1.0";

/** Faults that one answer lists; more help nobody. */
const FAULTS_MAX = 100;

/** Ends the call with an error of the contract. */
export class Refusal {
  constructor(readonly error: Refused) {}
}

/** Ends the call if there are faults. */
export function refuse(faults: FieldFault[]) {
  if (faults.length > 0) {
    throw new Refusal({ tag: "invalid", val: faults.slice(0, FAULTS_MAX) });
  }
}

/** What a fault of the plugin, or an error of a host interface, has to say. */
export function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // An imported function that answers `err` throws an Error that has it as its payload.
  const what = "payload" in thrown ? JSON.stringify(thrown.payload) : thrown.message;
  return `${what}\n${thrown.stack}`;
}
