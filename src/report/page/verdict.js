// The answer first: met or not met, the four numbers that matter, and each requirement with its margin.
import { h, section, table, tile, visible, code } from "./dom.js";
import {
  known,
  ms,
  times,
  fraction,
  bytes,
  withUnit,
  interval,
  engineName,
  plural,
  number,
} from "./format.js";

const words = {
  accuracy_drop: "Accuracy drop",
  accuracy_drop_relative: "Accuracy drop, part of the original",
  latency_p50: "Latency, median",
  latency_p90: "Latency, 90th percentile",
  latency_p99: "Latency, 99th percentile",
  speedup: "Speed-up over the original",
  peak_memory: "Peak memory",
  size: "Artifact size",
  size_ratio: "Size, part of the original",
  load_time: "Load time",
  throughput: "Throughput",
};
export const requirementName = (name) => words[name] ?? visible(name);

const badge = (met) => h("span", { class: met ? "badge met" : "badge notmet" }, met ? "met" : "not met");

function tiles({ chosen, original }) {
  if (!chosen) return null;
  const same = !original || chosen.id === original.id;
  const was = (key, format) => (same ? "the original as it is" : `original ${format(key(original))}`);
  const metric = chosen.metric;
  return h(
    "dl",
    { class: "tiles" },
    tile(
      "Latency, median",
      ms(chosen.latency_ms.p50),
      was((c) => c.latency_ms.p50, ms),
    ),
    tile(
      "Speed-up",
      times(chosen.speedup),
      interval(chosen.speedup_low, chosen.speedup_high, times) || "same thread count",
    ),
    tile(
      visible(metric.name) || "Metric",
      fraction(metric.value),
      was((c) => c.metric.value, fraction),
    ),
    tile(
      "Artifact",
      bytes(chosen.size_bytes),
      was((c) => c.size_bytes, bytes),
    ),
    tile(
      "Peak memory",
      bytes(chosen.peak_memory_bytes),
      was((c) => c.peak_memory_bytes, bytes),
    ),
  );
}

/** "1 island, 0 operators on the CPU (judged)". */
export function place(placement) {
  if (!placement) return "placement unknown";
  const { islands, cpu_operators, judged } = placement;
  return `${plural(islands, "island")}, ${plural(cpu_operators, "operator")} on the CPU (${judged ? "judged" : "by rules, not judged"})`;
}

export function header(result) {
  const { machine, chosen } = result;
  const device = result.target ? [result.target.title] : [machine.cpu, plural(machine.cores, "core")];
  if (result.target && chosen) device.push(chosen.precision, place(chosen.placement));
  else if (chosen)
    device.push(
      `${engineName(chosen.engine)} ${(machine.engines[chosen.engine] ?? "").split("-")[0]}`.trim(),
      chosen.precision,
      plural(chosen.threads, "thread"),
    );
  return h(
    "header",
    {},
    h("p", { class: "brand" }, "Shoehorn report"),
    h("div", { class: "title" }, h("h1", {}, visible(result.name)), badge(result.verdict === "met")),
    h("p", { class: "device" }, visible(device.join(" · "))),
    tiles(result),
  );
}

// The requirement as a line, what was found as a bar with its interval: how much room is left, at a glance.
function margin(requirement) {
  const { required, found, low, high, met } = requirement;
  if (![required, found].every(known)) return "";
  const ends = [0, required, found, low, high].filter(known);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  if (most === least) return "";
  const x = (value) => 4 + (152 * (value - least)) / (most - least);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const draw = (name, attributes) => {
    const shape = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  };
  for (const [key, value] of Object.entries({
    width: 160,
    height: 22,
    viewBox: "0 0 160 22",
    "aria-hidden": "true",
    class: met ? "margin good" : "margin bad",
  }))
    svg.setAttribute(key, value);
  draw("line", { x1: 4, x2: 156, y1: 11, y2: 11, class: "axis" });
  draw("rect", {
    x: Math.min(x(0), x(found)),
    width: Math.max(1, Math.abs(x(found) - x(0))),
    y: 8,
    height: 6,
    rx: 2,
    class: "bar",
  });
  if (known(low) && known(high) && low !== high)
    draw("line", { x1: x(low), x2: x(high), y1: 11, y2: 11, class: "whisker" });
  draw("line", { x1: x(required), x2: x(required), y1: 2, y2: 20, class: "limit" });
  return svg;
}

function sure(confidence) {
  if (!known(confidence)) return "–";
  return confidence >= 0.9995 ? "certain" : `${Math.floor(confidence * 1000) / 10} %`;
}

function relaxations(result) {
  if (result.relaxations.length === 0) return null;
  return h(
    "div",
    { class: "note" },
    h("h3", {}, "What would make it feasible"),
    h("p", {}, "Any one of these changes of the spec is enough; the smallest stands first."),
    h(
      "ul",
      {},
      result.relaxations.map((r) =>
        h(
          "li",
          {},
          h("strong", {}, requirementName(r.requirement)),
          ": ",
          `${withUnit(r.to, r.unit)} instead of ${withUnit(r.from, r.unit)}, by `,
          code(r.candidate),
        ),
      ),
    ),
  );
}

export function verdict(result) {
  const at = (r) => `at ${r.at_least ? "least" : "most"} ${withUnit(r.required, r.unit)}`;
  return section(
    "verdict",
    "Verdict",
    h("p", { class: "lead" }, visible(result.explanation)),
    result.warnings.map((warning) =>
      h("p", { class: "warning", role: "note" }, h("strong", {}, "Warning. "), visible(warning)),
    ),
    result.requirements.length > 0 &&
      table(
        "Requirements of the spec",
        [
          {
            title: "Requirement",
            cell: (r) => [requirementName(r.name), h("br"), h("small", {}, code(r.name))],
          },
          { title: "Required", cell: at },
          {
            title: "Found",
            cell: (r) => [
              withUnit(r.found, r.unit),
              h("br"),
              h(
                "small",
                {},
                interval(r.low, r.high, (v) => withUnit(v, r.unit)),
              ),
            ],
          },
          { title: "Room", cell: margin },
          { title: "Sure", number: true, cell: (r) => sure(r.confidence) },
          {
            title: "",
            cell: (r) =>
              r.state === "not measured" ? h("small", {}, "not measured on this target") : badge(r.met),
          },
        ],
        result.requirements,
      ),
    relaxations(result),
  );
}
