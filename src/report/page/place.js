// Builds the page of a placement from the JSON that stands in it (docs/placement-schema.md): the plan and what it
// promises, the pure choices beside it, the map of the graph, the drives over time, every candidate.
import "./page.css";
import "./place.css";
import { h, section, table, tile, visible, code, chart, drawCharts } from "./dom.js";
import { bytes, known, number, plural, seconds } from "./format.js";
import { map, siteColors } from "./map.js";
import { timeline } from "./timeline.js";

const result = JSON.parse(document.getElementById("result").textContent);
const { candidates, sites, drives } = result;
const best = candidates[result.best];
const device = sites.find((site) => site.role === "device");
const percent = (value) => (known(value) ? `${number(value * 100)} %` : "–");
const joules = (value) =>
  device.joules === null ? "not known" : known(value) ? `${number(value * 1000)} mJ` : "–";
const time = (value) => (known(value) ? seconds(value) : "never");
const figures = (candidate) => candidate.mean ?? candidate.best_case ?? {};

const measures = [
  ["p50", "p50", time],
  ["p99", "p99", time],
  ["late", "late", percent],
  ["energy", "energy a frame", joules],
  ["bytes", "bytes a month", bytes],
  ["money", "money a month", number],
  ["accuracy", result.metric || "accuracy", number],
];

function header() {
  return h(
    "header",
    {},
    h("p", { class: "brand" }, "Shoehorn: where it runs"),
    h("div", { class: "title" }, h("h1", {}, visible(result.model.split("/").at(-1)))),
    h(
      "p",
      { class: "device" },
      `${plural(result.map.nodes.length, "operator")}, ${plural(sites.length, "place")}, ${plural(drives.length, "drive")}, `,
      `${number(result.rate_per_s)} frames a second, deadline ${seconds(result.deadline_s)}`,
    ),
  );
}

function plan() {
  const turns = result.turns.filter((turn) => known(turn.factor));
  return section(
    "plan",
    "The plan",
    h("p", { class: "lead" }, visible(best.name)),
    h(
      "dl",
      { class: "tiles" },
      measures
        .filter(([key]) => known(figures(best)[key]) || key === "p50")
        .map(([key, title, format]) =>
          tile(title, format(figures(best)[key]), known(result.limits[key]) ? `limit ${format(result.limits[key])}` : ""),
        ),
    ),
    result.wire.length > 0 &&
      h(
        "p",
        {},
        "Crosses the link: ",
        result.wire.map((tensor, i) => [
          i > 0 && ", ",
          code(tensor.value),
          tensor.packing === "none" ? " as it is" : ` as ${tensor.packing}`,
          tensor.bytes < tensor.packed_bytes && `, by gzip ${bytes(tensor.bytes)} of ${bytes(tensor.packed_bytes)}`,
        ]),
        best.up_bytes ? `; ${bytes(best.up_bytes)} up and ${bytes(best.down_bytes)} back for each frame.` : ".",
      ),
    turns.length > 0 && h("h3", {}, "How far the choice holds"),
    turns.length > 0 &&
      h(
        "ul",
        {},
        turns.map((turn) =>
          h(
            "li",
            {},
            `${turn.what} ${number(turn.factor)} times: `,
            known(turn.to) ? visible(candidates[turn.to].name) : "nothing meets the limits any more",
          ),
        ),
      ),
    result.warnings.map((warning) =>
      h("p", { class: "warning" }, h("strong", {}, "Warning: "), visible(warning)),
    ),
  );
}

const columns = [
  {
    title: "choice",
    cell: ({ candidate, mark }) => [
      mark && h("span", { class: "badge met" }, mark),
      mark && " ",
      visible(candidate.name),
      candidate.out && h("small", { class: "out" }, h("br"), `out: ${visible(candidate.out)}`),
      !candidate.mean && !candidate.out && h("small", { class: "out" }, h("br"), "best case; it cannot win"),
    ],
  },
  ...measures.map(([key, title, format]) => ({
    title,
    number: true,
    cell: ({ candidate }) => format(figures(candidate)[key]),
  })),
];

function beside() {
  const rows = [{ candidate: best, mark: "plan" }];
  if (known(result.runner_up)) rows.push({ candidate: candidates[result.runner_up], mark: "runner-up" });
  candidates.forEach((candidate, i) => {
    if (candidate.pure && i !== result.best && i !== result.runner_up) rows.push({ candidate });
  });
  return section(
    "beside",
    "Beside the pure choices",
    h("p", { class: "faint" }, `Means over ${drives.map((drive) => visible(drive)).join("; ") || "no link"}.`),
    table("The plan, the runner-up and everything in one place", columns, rows),
  );
}

function cascades() {
  if (result.cascades.length === 0) return null;
  const rows = result.cascades.flatMap((cascade) => cascade.thresholds.map((threshold) => ({ cascade, threshold })));
  const chosen = ({ cascade, threshold }) =>
    best.threshold === threshold.threshold && best.site === cascade.site;
  return section(
    "cascades",
    "Sure or not",
    result.cascades.map((cascade) =>
      h(
        "p",
        {},
        visible(device.name),
        " keeps its own answer while the greatest probability in ",
        code(cascade.output),
        " is at least the threshold, and asks ",
        visible(cascade.site),
        ` below it. On ${visible(cascade.basis)} ${visible(device.name)} alone scores ${number(cascade.device_accuracy)} and ${visible(cascade.site)} alone ${number(cascade.tail_accuracy)}.`,
        cascade.given && " The threshold is the spec's.",
      ),
    ),
    table(
      "Thresholds on the labelled samples",
      [
        { title: "place", cell: (row) => [chosen(row) && h("span", { class: "badge met" }, "plan"), chosen(row) && " ", visible(row.cascade.site)] },
        { title: "threshold", number: true, cell: ({ threshold }) => number(threshold.threshold) },
        { title: "asked", number: true, cell: ({ threshold }) => percent(threshold.asked_share) },
        { title: result.metric, number: true, cell: ({ threshold }) => number(threshold.accuracy) },
        { title: "held out", number: true, cell: ({ threshold }) => number(threshold.held_out_accuracy) },
      ],
      rows,
    ),
  );
}

function graph() {
  const colors = siteColors(result);
  return section(
    "map",
    "The map",
    h(
      "p",
      { class: "legend" },
      [...colors].map(([name, color]) =>
        h("span", {}, h("i", { class: "swatch", style: `background: ${color}` }), visible(name)),
      ),
    ),
    map(result, colors),
  );
}

function overTime() {
  if (drives.length === 0) return null;
  return section(
    "drives",
    "Over the drives",
    drives.map((drive, d) => [
      h("h3", {}, visible(drive)),
      chart(
        "Mean of each stretch: response of the plan and of the pure choices, and the rate of the link. A mark below shows late frames of the plan.",
        (width) => timeline(result, d, width),
      ),
    ]),
  );
}

function places() {
  return section(
    "places",
    "Places",
    table(
      "What the whole model costs at each place",
      [
        { title: "place", cell: (site) => [code(site.name), h("small", {}, h("br"), site.role)] },
        { title: "hardware", cell: (site) => visible(site.title || site.target) },
        { title: "time", number: true, cell: (site) => seconds(site.seconds) },
        { title: "energy", number: true, cell: (site) => (site.joules === null ? "not known" : `${number(site.joules * 1000)} mJ`) },
        { title: "figures", cell: (site) => [site.kind, h("small", {}, h("br"), visible(site.basis))] },
        { title: "price", cell: (site) => [`${number(site.price_per_hour)} an hour`, h("small", {}, h("br"), `${number(site.price_per_call)} a call`)] },
      ],
      sites,
    ),
  );
}

function all() {
  return section(
    "candidates",
    "Every candidate",
    h(
      "details",
      {},
      h("summary", {}, plural(candidates.length, "candidate")),
      table(
        "Every candidate",
        columns,
        candidates.map((candidate) => ({ candidate })),
      ),
    ),
  );
}

const sections = [plan, beside, cascades, graph, overTime, places, all].map((make) => make()).filter(Boolean);
document.getElementById("page").append(
  header(),
  h(
    "nav",
    { "aria-label": "Sections" },
    sections.map((part) => h("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)),
  ),
  ...sections,
  h("footer", {}, "The whole decision stands in this page and in place.json. Charts by Observable Plot (ISC), layout by dagre (MIT)."),
);
drawCharts();
addEventListener("beforeprint", () =>
  document.querySelectorAll("details").forEach((details) => (details.open = true)),
);
