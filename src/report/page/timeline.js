// One drive over time: above the response of the plan and of the pure choices, below the rate of the link and where
// frames of the plan were late.
import * as Plot from "@observablehq/plot";
import { h, visible } from "./dom.js";
import { known } from "./format.js";

export function timeline(result, drive, width) {
  const rows = result.timelines.flatMap(({ candidate, drives }, order) =>
    drives[drive].buckets
      .filter((bucket) => known(bucket.mean_s) && bucket.frames > 0)
      .map((bucket) => ({
        ...bucket,
        order,
        name: order === 0 ? "plan" : visible(result.candidates[candidate].name),
        ms: bucket.mean_s * 1000,
      })),
  );
  const plan = result.timelines[0].drives[drive].buckets;
  // A plan that asks nobody has no link: its rate stands with a choice that does.
  const linked =
    result.timelines.map(({ drives }) => drives[drive].buckets).find((buckets) => buckets.some((b) => b.up_rate > 0)) ?? plan;
  const late = plan.filter((bucket) => bucket.late > 0);
  const names = [...new Set(rows.map((row) => row.name))];
  const shared = { width, marginLeft: 60, marginRight: 16, style: { fontSize: "12px", background: "transparent" } };
  const x = { label: "time, s →", domain: [0, Math.max(...plan.map((bucket) => bucket.t), 1)] };
  return h(
    "div",
    {},
    Plot.plot({
      ...shared,
      height: 220,
      x: { ...x, label: null },
      y: { type: "log", label: "↑ response, ms", grid: true, ticks: 4 },
      color: { domain: names, legend: true, scheme: "observable10" },
      marks: [
        Plot.ruleY([result.deadline_s * 1000], { stroke: "var(--bad)", strokeDasharray: "5 4" }),
        Plot.line(rows, { x: "t", y: "ms", z: "name", stroke: "name", strokeWidth: (row) => (row.order === 0 ? 2.5 : 1) }),
      ],
    }),
    Plot.plot({
      ...shared,
      height: 110,
      x,
      y: { label: "↑ uplink, Mbit/s", grid: true, ticks: 3 },
      marks: [
        Plot.areaY(linked, { x: "t", y: (bucket) => (bucket.up_rate * 8) / 1e6, fill: "var(--other)", fillOpacity: 0.5, curve: "step-after" }),
        Plot.tickX(late, { x: "t", stroke: "var(--bad)" }),
      ],
    }),
  );
}
