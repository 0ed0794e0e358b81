// What was done to the user's graph and why: rewrites grouped by pass, and what quantization left in float.
import { h, section, table, visible, code } from "./dom.js";
import { plural } from "./format.js";

const kShown = 500; // rows of one group; a table of tens of thousands helps nobody

function grouped(items, key) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

function group(title, items, columns) {
  return h(
    "details",
    {},
    h("summary", {}, title, h("span", { class: "count" }, items.length.toLocaleString("en"))),
    table(title.textContent ?? title, columns, items.slice(0, kShown)),
    items.length > kShown && h("p", { class: "faint" }, `and ${items.length - kShown} more, in result.json`),
  );
}

export function rewrites(result) {
  const { nodes_before: before, nodes_after: after } = result;
  return section(
    "rewrites",
    "Rewrites",
    h(
      "p",
      { class: "lead" },
      `${plural(before, "node")} became ${after.toLocaleString("en")}` +
        (before > after ? `, ${Math.round((100 * (before - after)) / before)} % fewer.` : "."),
      " Each rewrite keeps the numbers; the node is named as in the model.",
    ),
    grouped(result.rewrites, (r) => r.pass).map(([pass, items]) =>
      group(code(pass), items, [
        { title: "Node", cell: (r) => code(r.node) },
        { title: "Why", cell: (r) => visible(r.why) },
      ]),
    ),
    result.rewrites.length === 0 && h("p", {}, "Nothing was rewritten."),
  );
}

export function quantization(result) {
  const q = result.quantization;
  if (q.variant === "") return null;
  return section(
    "quantization",
    "Quantization",
    h(
      "p",
      { class: "lead" },
      `${visible(q.variant)}: ${plural(q.quantized_nodes, "node")} in integers, ${q.float_nodes} in float, ` +
        `from ${plural(q.calibration_samples, "calibration sample")}.`,
    ),
    grouped(q.left_in_float, (left) => left.why).map(([why, items]) =>
      group(visible(why), items, [{ title: "Left in float", cell: (left) => code(left.node) }]),
    ),
  );
}
