// Prices in the database, whose tables are those of the plugin `pricing`.

import type { Context, Line } from "quoin:pricing/quotes@0.1.0";
import { now } from "quoin:host/clock@0.1.0";
import { query, type Value } from "quoin:host/sql@0.1.0";

/** The price of a list that applies to a variant in some quantity. */
export interface Price {
  /** Minor units. May be rounded, see `exact`. */
  minor: number;
  /** The plain regular price, from one piece on, if there is one. May be rounded too. */
  plain: number | null;
  minQuantity: number;
  kind: string;
  title: string;
  taxIncluded: boolean;
}

/**
 * The prices that apply to the lines, by `key`, with one query. A line without a price has none here.
 *
 * Of each list the largest quantity break that is reached counts (`step`); of these an override, else
 * the lowest, and among equal prices a regular one before a sale, then the first id (`place`).
 */
export function pricesOf(lines: Line[], context: Context): Map<string, Price> {
  const wanted = new Map(lines.map((line) => [key(line.variant, line.quantity), line]));
  if (wanted.size === 0) return new Map();
  const params = [
    text(context.currency),
    text(context.group),
    text(context.channel),
    integer(now()),
    ...[...wanted.values()].flatMap((line) => [text(line.variant), integer(line.quantity)]),
  ];
  const found = query(
    `WITH wanted (variant, quantity) AS (VALUES ${marks(5, wanted.size)}),
    applicable AS (
      SELECT wanted.variant, wanted.quantity, price.min_quantity, price.minor,
        list.id, list.title, list.kind, list.tax_included,
        row_number() OVER (
          PARTITION BY wanted.variant, wanted.quantity, list.id ORDER BY price.min_quantity DESC
        ) AS step,
        min(CASE WHEN list.kind = 'regular' AND price.min_quantity = 1 THEN price.minor END)
          OVER (PARTITION BY wanted.variant, wanted.quantity) AS plain
      FROM wanted
      JOIN pricing_price AS price
        ON price.variant = wanted.variant AND price.min_quantity <= wanted.quantity
      JOIN pricing_price_list AS list ON list.id = price.price_list
      WHERE list.currency = ?1
        AND (list.customer_group IS NULL OR list.customer_group = ?2)
        AND (list.channel IS NULL OR list.channel = ?3)
        AND (list.starts_at IS NULL OR list.starts_at <= ?4)
        AND (list.ends_at IS NULL OR list.ends_at > ?4)
    ),
    ranked AS (
      SELECT variant, quantity, min_quantity, minor, plain, kind, title, tax_included,
        row_number() OVER (
          PARTITION BY variant, quantity
          ORDER BY CASE kind WHEN 'override' THEN 0 ELSE 1 END NULLS LAST, minor NULLS LAST,
            CASE kind WHEN 'regular' THEN 0 ELSE 1 END NULLS LAST, id NULLS LAST
        ) AS place
      FROM applicable WHERE step = 1
    )
    SELECT variant, quantity, min_quantity, minor, plain, kind, title, tax_included
    FROM ranked WHERE place = 1`,
    params,
  );
  return new Map(found.rows.map(priceOf));
}

/** The key of a variant in some quantity. */
export function key(variant: string, quantity: number): string {
  return `${quantity} ${variant}`;
}

function priceOf(row: Value[]): [string, Price] {
  const [variant, quantity, minQuantity, minor, plain, kind, title, taxIncluded] = row.map((value) =>
    value.tag === "null" ? null : value.val,
  );
  const price = {
    minor: Number(minor),
    plain: plain === null ? null : Number(plain),
    minQuantity: Number(minQuantity),
    kind: String(kind),
    title: String(title),
    taxIncluded: Number(taxIncluded) === 1,
  };
  return [key(String(variant), Number(quantity)), price];
}

/** Rows of two parameters for VALUES. The first row has types, because PostgreSQL cannot guess them. */
function marks(from: number, rows: number): string {
  const row = (_: unknown, i: number) =>
    i === 0
      ? `(CAST(?${from} AS TEXT), CAST(?${from + 1} AS BIGINT))`
      : `(?${from + 2 * i}, ?${from + 2 * i + 1})`;
  return Array.from({ length: rows }, row).join(", ");
}

function text(val: string | null): Value {
  return val === null ? { tag: "null" } : { tag: "text", val };
}

function integer(val: number): Value {
  return { tag: "integer", val };
}
