// Every candidate as a point, accuracy against latency: the front of the best ones, the original, the limits of the spec.
import * as Plot from "@observablehq/plot";
import { h, visible } from "./dom.js";
import {
  known,
  ms,
  times,
  fraction,
  bytes,
  number,
  candidateName,
  engineName,
  plural,
  precisionScale,
} from "./format.js";

/** Median latency as measured. */
export const measured = (c) => c.latency_ms.p50;
export const score = (c) => c.metric.value;

/** Latency at the pace that the machine had for the original: what the verdict, too, is about. Rounds of a candidate and of the
 *  original are interleaved, so that their ratio holds even when the machine slows down between candidates. */
export function paced(candidates) {
  const originals = new Map(candidates.filter((c) => c.original).map((c) => [c.threads, measured(c)]));
  return candidates.map((c) => ({
    ...c,
    latency:
      known(c.speedup) && originals.has(c.threads) ? originals.get(c.threads) / c.speedup : measured(c),
  }));
}
/** Of a candidate that paced() gave. */
export const latency = (c) => c.latency;

/** Those that nobody beats in both latency and metric, fastest first. */
export function front(candidates) {
  const better = candidates[0]?.metric.higher_is_better === false ? (a, b) => a < b : (a, b) => a > b;
  const best = [];
  for (const candidate of [...candidates].sort(
    (a, b) => latency(a) - latency(b) || (better(score(a), score(b)) ? -1 : 1),
  ))
    if (best.length === 0 || better(score(candidate), score(best.at(-1)))) best.push(candidate);
  return best;
}

// The spec's limits in the plot's units, at the thread count of the chosen candidate.
export function limits({ requirements, original }) {
  const required = (name) => requirements.find((r) => r.name === name)?.required;
  const direction = original?.metric.higher_is_better === false ? -1 : 1;
  const absolute = required("accuracy_drop"),
    relative = required("accuracy_drop_relative");
  const drops = [absolute, known(relative) && original ? relative * Math.abs(score(original)) : null].filter(
    known,
  );
  const speedup = required("speedup");
  const times = [
    required("latency_p50"),
    known(speedup) && original ? measured(original) / speedup : null,
  ].filter(known);
  return {
    score: original && drops.length > 0 ? score(original) - direction * Math.min(...drops) : null,
    latency: times.length > 0 ? Math.min(...times) : null,
  };
}

// The range of the metric worth looking at: what lies hopelessly below the limit is drawn at the edge.
function scoreDomain(points, limit, higher) {
  const sign = higher ? 1 : -1;
  const values = points.map((c) => sign * score(c)).concat(known(limit) ? [sign * limit] : []);
  const best = Math.max(
    ...values,
    ...points
      .filter((c) => known(c.metric.difference.low))
      .map(
        (c) =>
          sign *
          (score(c) -
            c.metric.difference.value +
            (higher ? c.metric.difference.high : c.metric.difference.low)),
      ),
  );
  const worst = Math.min(...values);
  const reach = known(limit) ? Math.max(6 * (best - sign * limit), 0.05 * Math.abs(best)) : Infinity;
  const low = Math.max(worst, best - reach);
  const room = 0.1 * (best - low) || 0.01;
  return [sign * (low - room), sign * (best + room)]; // the better end is up
}

function describe(c) {
  return [
    `${candidateName(c)}, ${plural(c.threads, "thread")}`,
    c.variant && visible(c.variant),
    `${ms(measured(c))} measured, ${times(c.speedup)}`,
    `${visible(c.metric.name)} ${fraction(score(c))}`,
    `${bytes(c.size_bytes)}, peak ${bytes(c.peak_memory_bytes)}`,
  ]
    .filter(Boolean)
    .join("\n");
}

/** The plot; `points` are candidates of paced() that have both numbers. */
export function scatter(result, points, width) {
  const higher = points[0].metric.higher_is_better;
  const limit = limits(result);
  const y = scoreDomain(points, limit.score, higher);
  const [low, high] = higher ? y : [...y].reverse();
  const inside = (value) => Math.min(high, Math.max(low, value));
  const outside = (c) => score(c) < low || score(c) > high;
  const farthest = Math.max(...points.map(latency), limit.latency ?? 0) * 1.08;
  const marked = points.filter((c) => c.id === result.chosen?.id || c.id === result.original?.id);
  const best = front(points);
  const colors = precisionScale(points.map((c) => c.precision));
  const feasible = {
    x1: 0,
    x2: limit.latency ?? farthest,
    y1: known(limit.score) ? inside(limit.score) : y[0],
    y2: y[1],
  };
  return Plot.plot({
    width,
    height: Math.min(460, Math.max(320, width * 0.5)),
    marginLeft: 56,
    marginBottom: 44,
    marginRight: 24,
    marginTop: 28,
    style: { fontSize: "12px", background: "transparent" },
    ariaLabel: `${visible(points[0].metric.name)} against latency of ${points.length} candidates`,
    x: {
      domain: [0, farthest],
      label: "median latency, ms →",
      labelAnchor: "right",
      ticks: width < 500 ? 5 : 9,
    },
    y: {
      domain: y,
      label: `${higher ? "↑" : "↓"} ${visible(points[0].metric.name)}`,
      grid: true,
      ticks: 7,
      tickFormat: (v) => number(v),
    },
    color: { ...colors, legend: false },
    symbol: { domain: ["onnxruntime", "openvino"], range: ["circle", "square"] },
    marks: [
      (known(limit.score) || known(limit.latency)) &&
        Plot.rect([feasible], {
          x1: "x1",
          x2: "x2",
          y1: "y1",
          y2: "y2",
          fill: "var(--good)",
          fillOpacity: 0.07,
        }),
      known(limit.score) &&
        Plot.ruleY([inside(limit.score)], { stroke: "var(--good)", strokeDasharray: "5 4" }),
      known(limit.score) &&
        Plot.text([[farthest, inside(limit.score)]], {
          text: ["the spec's limit"],
          textAnchor: "end",
          dy: 10,
          fill: "var(--good)",
        }),
      known(limit.latency) && Plot.ruleX([limit.latency], { stroke: "var(--good)", strokeDasharray: "5 4" }),
      Plot.line(best, {
        x: latency,
        y: (c) => inside(score(c)),
        stroke: "var(--faint)",
        strokeWidth: 1.5,
        curve: "step-after",
      }),
      Plot.ruleX(
        points.filter((c) => !outside(c) && known(c.metric.difference.low)),
        {
          x: latency,
          stroke: "precision",
          strokeOpacity: 0.35,
          y1: (c) => inside(score(c) - c.metric.difference.value + c.metric.difference.low),
          y2: (c) => inside(score(c) - c.metric.difference.value + c.metric.difference.high),
        },
      ),
      Plot.dot(points, {
        x: latency,
        y: (c) => inside(score(c)),
        stroke: "precision",
        symbol: "engine",
        r: 5,
        strokeWidth: 2,
        fill: "var(--page)",
      }),
      Plot.dot(
        points.filter((c) => c.meets),
        {
          x: latency,
          y: (c) => inside(score(c)),
          stroke: "precision",
          symbol: "engine",
          r: 5,
          strokeWidth: 2,
          fill: "precision",
        },
      ),
      Plot.dot(marked, {
        x: latency,
        y: (c) => inside(score(c)),
        r: 11,
        stroke: "var(--text)",
        strokeWidth: 1.5,
      }),
      ...marked.map((c) => {
        const words = c.id !== result.chosen?.id ? "original" : c.original ? "original, chosen" : "chosen";
        const beside = words === "chosen" && latency(c) > 0.15 * farthest; // few are faster than the chosen one
        return Plot.text([c], {
          x: latency,
          y: (d) => inside(score(d)),
          text: [words],
          fontWeight: 600,
          fill: "var(--text)",
          stroke: "var(--page)",
          strokeWidth: 4,
          ...(beside ? { textAnchor: "end", dx: -17 } : { dy: -20 }),
        });
      }),
      width >= 560 &&
        Plot.text(
          points.filter((c) => c.threads !== result.chosen?.threads),
          {
            x: latency,
            y: (c) => inside(score(c)),
            dy: -14,
            text: (c) => plural(c.threads, "thread"),
            fill: "var(--faint)",
            fontSize: 11,
          },
        ),
      Plot.text(points.filter(outside), {
        x: latency,
        y: (c) => inside(score(c)),
        dy: 15,
        text: (c) => `↓ ${fraction(score(c))}`,
        fill: "var(--faint)",
      }),
      Plot.tip(
        points,
        Plot.pointer({
          x: latency,
          y: (c) => inside(score(c)),
          title: describe,
          fill: "var(--card)",
          stroke: "var(--line)",
          fontSize: 12,
        }),
      ),
    ].filter(Boolean),
  });
}

export function legend(points) {
  const { domain, range } = precisionScale(points.map((c) => c.precision));
  const shapes = { onnxruntime: "circle", openvino: "square" };
  return h(
    "p",
    { class: "legend" },
    domain.map((name, i) =>
      h("span", {}, h("i", { class: "swatch", style: `background:${range[i]}` }), name),
    ),
    [...new Set(points.map((c) => c.engine))].map((engine) =>
      h("span", {}, h("i", { class: `shape ${shapes[engine] ?? "circle"}` }), engineName(engine)),
    ),
    h("span", {}, h("i", { class: "shape line" }), "front"),
    h("span", {}, h("i", { class: "shape area" }), "allowed by the spec"),
  );
}
