// Builds the page of a check from the JSON that stands in it (docs/check-schema.md): one target in full, or every
// target side by side with its reasons below.
import "./page.css";
import "./check.css";
import { h, section, table, tile, visible, code } from "./dom.js";
import { bytes, known, plural } from "./format.js";

const kinds = [
  ["accepted", "taken"],
  ["conditional", "native if"],
  ["refused", "refused"],
  ["unknown", "unknown"],
];
const grade = (name) => (name === "unsupported" ? "refused" : name);
const count = (value) => h("span", { class: value === 0 ? "zero" : null }, value.toLocaleString("en"));
const last = (target) => target.after ?? target;

/** A source as a link where it is an address, else as words. */
function source(text) {
  return /^https?:\/\/\S+$/.test(text)
    ? h("a", { href: text, rel: "noopener noreferrer" }, visible(text))
    : visible(text);
}

function bar(summary) {
  return h(
    "div",
    { class: "grades", "aria-hidden": "true" },
    kinds.map(
      ([key, name]) =>
        summary[key] > 0 &&
        h("i", { class: key, style: `flex: ${summary[key]}`, title: `${summary[key]} ${name}` }),
    ),
  );
}

const legend = () =>
  h(
    "p",
    { class: "legend" },
    kinds.map(([key, name]) => h("span", {}, h("i", { class: `swatch ${key}` }), name)),
  );

/** Label and text, pairs with empty text left out. */
const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.filter(([, text]) => text).map(([label, text]) => [h("dt", {}, label), h("dd", {}, text)]),
  );

function names(list, total) {
  return [
    list.map((name, i) => [i > 0 && ", ", code(name)]),
    total > list.length && ` and ${(total - list.length).toLocaleString("en")} more`,
  ];
}

function reason(group) {
  const operators = Object.entries(group.operators).sort((a, b) => b[1] - a[1]);
  return h(
    "div",
    { class: "card reason" },
    h(
      "h3",
      {},
      operators.map(([name, times]) => `${times} ${visible(name)}`).join(", "),
      h("span", { class: "count" }, `${grade(group.grade)} ${group.known}`),
    ),
    facts([
      ["found", visible(group.found)],
      ["accepted", visible(group.accepted)],
      ["source", source(group.source)],
      ["repair", group.repairs.length > 0 && h("span", {}, names(group.repairs, group.repairs.length))],
      ["advice", group.advice && visible(group.advice)],
      ["nodes", h("span", {}, names(group.nodes, group.count))],
      ["rule", code(group.rule)],
    ]),
  );
}

function reasons(id, title, answer) {
  if (answer.reasons.length === 0) return null;
  return section(id, title, answer.reasons.map(reason));
}

function operators(target) {
  const after = target.after?.operators ?? {};
  const rows = Object.entries(target.operators).sort(
    ([, a], [, b]) => b.nodes - b.accepted - (a.nodes - a.accepted) || b.nodes - a.nodes,
  );
  for (const [name, row] of Object.entries(after))
    if (!(name in target.operators))
      rows.push([name, { nodes: 0, accepted: 0, conditional: 0, refused: 0, unknown: 0, fresh: row }]);
  const columns = [
    { title: "Operator", cell: ([name]) => visible(name) },
    { title: "Nodes", number: true, cell: ([, row]) => count(row.nodes) },
    ...kinds.map(([key, title]) => ({ title, number: true, cell: ([, row]) => count(row[key]) })),
  ];
  if (target.after)
    columns.push(
      { title: "after repair", number: true, cell: ([name]) => count(after[name]?.nodes ?? 0) },
      {
        title: "on the CPU",
        number: true,
        cell: ([name]) => {
          const row = after[name];
          return count(row ? row.conditional + row.refused + row.unknown : 0);
        },
      },
    );
  return section("operators", "Operators", table("Operators", columns, rows));
}

function repairs(target) {
  if (!target.after || target.repairs.length + target.pinned.length + target.given_up.length === 0)
    return null;
  return section(
    "repairs",
    "Repairs",
    target.pinned.map((pin) => h("p", {}, `Pinned ${visible(pin)}.`)),
    target.repairs.length > 0 &&
      table(
        "Repairs",
        [
          { title: "Pass", cell: (step) => code(step.pass) },
          { title: "Rewrites", number: true, cell: (step) => count(step.rewrites) },
          { title: "Numbers", cell: (step) => visible(step.error ?? "exact") },
          {
            title: "On the CPU",
            number: true,
            cell: (step) => `${step.before.cpu_operators} → ${step.after.cpu_operators}`,
          },
          {
            title: "Islands",
            number: true,
            cell: (step) => `${step.before.islands} → ${step.after.islands}`,
          },
          {
            title: "Nodes",
            cell: (step) => h("small", {}, names(step.nodes.slice(0, 30), step.nodes.length)),
          },
        ],
        target.repairs,
      ),
    target.given_up.map((text) => h("p", { class: "faint" }, `Not kept: ${visible(text)}.`)),
  );
}

function crossings(target) {
  const answer = last(target);
  if (answer.crossing_count === 0) return null;
  const rows = [...answer.crossings].sort((a, b) => (b.bytes ?? -1) - (a.bytes ?? -1));
  return section(
    "crossings",
    "Price of the fallback",
    h(
      "p",
      { class: "lead" },
      `${plural(answer.crossing_count, "tensor")} and ${bytes(answer.crossing_bytes)} cross in each run, ` +
        `${plural(answer.summary.islands, "island")}.`,
    ),
    table(
      "Tensors that cross",
      [
        { title: "Tensor", cell: (row) => code(row.tensor) },
        {
          title: "Direction",
          cell: (row) => (row.direction === "to_cpu" ? "leaves the accelerator" : "enters the accelerator"),
        },
        {
          title: "Bytes",
          number: true,
          cell: (row) => (known(row.bytes) ? bytes(row.bytes) : "unknown"),
        },
      ],
      rows.slice(0, 50),
    ),
  );
}

function advice(target) {
  if (target.advice.length === 0) return null;
  return section(
    "advice",
    "Advice for training",
    target.advice.map((each) =>
      h(
        "div",
        { class: "card reason" },
        h("h3", {}, visible(each.replacement)),
        facts([
          ["layers", h("span", {}, names(each.nodes.slice(0, 60), each.nodes.length))],
          ["because", visible(each.reason)],
          [
            "gains",
            `on the CPU ${each.now.cpu_operators} → ${each.then.cpu_operators}, islands ` +
              `${each.now.islands} → ${each.then.islands}, crossing ` +
              `${bytes(each.crossing_bytes_now)} → ${bytes(each.crossing_bytes_then)} (by rules)`,
          ],
          ["rule", code(each.rule)],
        ]),
      ),
    ),
  );
}

function disagreements(target) {
  const { agreement } = last(target);
  if (agreement.compared === 0) return null;
  return section(
    "judge",
    "Rules and judge",
    h(
      "p",
      { class: "lead" },
      `They agree on ${agreement.agreed} of ${plural(agreement.compared, "operator")}; where they do not, ` +
        "the judge wins.",
    ),
    agreement.disagreements.length > 0 &&
      table(
        "Disagreements",
        [
          { title: "Node", cell: (row) => code(row.name) },
          { title: "Operator", cell: (row) => visible(row.op) },
          { title: "Rules", cell: (row) => visible(row.rules) },
          { title: "Judge", cell: (row) => visible(row.judge) },
        ],
        agreement.disagreements.slice(0, 200),
      ),
  );
}

function tiles(target) {
  const now = last(target).summary;
  const was = target.after ? (key) => `${target.summary[key]} as it comes` : () => "as it comes";
  const all = kinds.reduce((sum, [key]) => sum + now[key], 0);
  const { judge } = last(target);
  return h(
    "dl",
    { class: "tiles" },
    tile("Taken", `${now.accepted} of ${all}`, was("accepted")),
    tile("Islands", now.islands, was("islands")),
    tile("On the CPU", now.cpu_operators, was("cpu_operators")),
    tile("Crossing", bytes(last(target).crossing_bytes), "in each run"),
    tile(
      "Judge",
      judge ? visible(judge.name) : "not asked",
      visible(judge ? (judge.died ?? judge.version) : (target.judge_missing ?? "this target has no judge")),
    ),
  );
}

function comparison(targets) {
  const number = (title, key) => ({ title, number: true, cell: ({ summary }) => count(summary[key]) });
  return section(
    "comparison",
    "Targets side by side",
    legend(),
    table(
      "Targets",
      [
        {
          title: "Target",
          cell: (target) => [
            h("a", { href: `#target-${target.target}` }, visible(target.target)),
            bar(target.summary),
            h("small", {}, visible(target.title)),
          ],
        },
        ...kinds.map(([key, title]) => number(title, key)),
        number("islands", "islands"),
        number("CPU", "cpu_operators"),
        {
          title: "First reason",
          cell: ({ reasons }) =>
            reasons.length > 0 &&
            h(
              "span",
              { class: "first" },
              code(reasons[0].nodes[0]),
              `: ${visible(reasons[0].found)}; accepted: ${visible(reasons[0].accepted)}`,
            ),
        },
      ],
      targets,
    ),
  );
}

function header(check) {
  const [first] = check.targets;
  const one = check.targets.length === 1;
  return h(
    "header",
    {},
    h("p", { class: "brand" }, "Shoehorn check"),
    h("h1", {}, visible(check.model)),
    h(
      "p",
      { class: "device" },
      one
        ? `${visible(first.target)}: ${visible(first.title)}. Rules of ${visible(first.accelerator_title)}, ${visible(first.runtime)}.`
        : `${check.targets.length} targets, by rules; no compiler was asked.`,
    ),
  );
}

const check = JSON.parse(document.getElementById("result").textContent);
const page = document.getElementById("page");
page.append(header(check));
if (check.targets.length === 1) {
  const [target] = check.targets;
  const sections = [
    operators(target),
    reasons("refused", target.after ? "Not taken as it comes" : "Not taken", target),
    target.after && reasons("left", "Left after repair", target.after),
    repairs(target),
    crossings(target),
    advice(target),
    disagreements(target),
  ].filter(Boolean);
  page.append(
    tiles(target),
    h(
      "nav",
      { "aria-label": "Sections" },
      sections.map((part) => h("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)),
    ),
    ...sections,
  );
} else {
  page.append(
    comparison(check.targets),
    ...check.targets.map((target) =>
      section(
        `target-${target.target}`,
        visible(target.target),
        h("p", {}, `${visible(target.title)}. ${visible(target.accelerator_title)}, ${visible(target.runtime)}.`),
        target.reasons.length > 0
          ? h(
              "details",
              {},
              h(
                "summary",
                {},
                "What it does not take, and why",
                h("span", { class: "count" }, target.summary.cpu_operators.toLocaleString("en")),
              ),
              target.reasons.slice(0, 40).map(reason),
            )
          : h("p", { class: "lead" }, "It takes every operator."),
      ),
    ),
  );
}
page.append(
  h(
    "footer",
    {},
    "Answers by rules are read from the named sources; only what a compiler said itself is called judged.",
  ),
);
// A printed page shows everything.
addEventListener("beforeprint", () =>
  document.querySelectorAll("details").forEach((details) => (details.open = true)),
);
