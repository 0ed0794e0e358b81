// Where the time of the chosen model goes: by type of operator, its slowest layers, and all of them as a table.
import * as Plot from "@observablehq/plot";
import { h, section, table, chart, visible, code } from "./dom.js";
import { known, ms, number, precisionOf, precisionScale, plural, engineName } from "./format.js";

const kSlowest = 20;

function shortened(name, length) {
  return name.length <= length ? name : `${name.slice(0, length / 2 - 1)}…${name.slice(-length / 2)}`;
}

function bars(rows, width, key, label, total) {
  const left = Math.min(230, Math.max(110, width * 0.32));
  const letters = Math.floor((left - 10) / 7);
  return Plot.plot({
    width,
    height: rows.length === 0 ? 60 : 36 + 22 * new Set(rows.map((r) => r[key])).size,
    marginLeft: left,
    marginRight: 64,
    marginTop: 6,
    marginBottom: 30,
    style: { fontSize: "12px", background: "transparent" },
    ariaLabel: label,
    x: { label: "ms →", grid: true, ticks: Math.max(3, Math.floor(width / 110)) },
    y: {
      label: null,
      domain: [...new Set(rows.map((r) => r[key]))],
      tickFormat: (name) => shortened(String(name).replace(/^\d+ /, ""), letters),
      tickSize: 0,
    },
    color: precisionScale(rows.map((r) => r.precision)),
    marks: [
      Plot.barX(rows, { x: "time", y: key, fill: "precision", insetTop: 2, insetBottom: 2, rx: 2 }),
      Plot.text(total, {
        x: "time",
        y: key,
        text: (r) => number(r.time),
        textAnchor: "start",
        dx: 6,
        fill: "var(--faint)",
      }),
      Plot.tip(
        rows,
        Plot.pointerY(
          Plot.stackX({
            x: "time",
            y: key,
            title: (r) => `${r.title}\n${ms(r.time)}, ${r.precision}`,
            fill: "var(--card)",
            stroke: "var(--line)",
            fontSize: 12,
          }),
        ),
      ),
    ],
  });
}

// Sums of time by key, largest first.
function sums(rows, key) {
  const total = new Map();
  for (const row of rows) total.set(key(row), (total.get(key(row)) ?? 0) + row.time);
  return [...total].sort((a, b) => b[1] - a[1]);
}

export function layers(result) {
  const rows = result.layers
    .filter((layer) => known(layer.time_ms))
    .map((layer, i) => ({
      ...layer,
      order: i + 1,
      time: layer.time_ms,
      precision: precisionOf(layer.precision),
      unique: `${i} ${visible(layer.name)}`,
      title: `${visible(layer.name)} (${visible(layer.type)})`,
    }));
  if (rows.length === 0)
    return section("layers", "Layers of the chosen model", h("p", {}, "No times per layer were taken."));

  const whole = rows.reduce((sum, row) => sum + row.time, 0);
  const types = sums(rows, (row) => visible(row.type)).slice(0, 12);
  const byType = types.flatMap(([type]) =>
    sums(
      rows.filter((row) => visible(row.type) === type),
      (row) => row.precision,
    ).map(([precision, time]) => ({ type, precision, time, title: type })),
  );
  const slowest = [...rows].sort((a, b) => b.time - a.time).slice(0, kSlowest);
  const { domain, range } = precisionScale(rows.map((row) => row.precision));
  return section(
    "layers",
    "Layers of the chosen model",
    h(
      "p",
      { class: "lead" },
      `${plural(rows.length, "layer")} after ${engineName(result.chosen?.engine ?? "the engine")}’s own fusion, ${ms(whole)} in sum with profiling on.`,
    ),
    h(
      "p",
      { class: "legend" },
      domain.map((name, i) => {
        const time = rows.filter((row) => row.precision === name).reduce((sum, row) => sum + row.time, 0);
        return h(
          "span",
          {},
          h("i", { class: "swatch", style: `background:${range[i]}` }),
          `${name} ${Math.round((100 * time) / whole)} %`,
        );
      }),
    ),
    h("h3", {}, "Time by type"),
    chart("Sum of the layers of each type, by the precision in which they ran.", (width) =>
      bars(
        byType,
        width,
        "type",
        "time by type of layer",
        types.map(([type, time]) => ({ type, time })),
      ),
    ),
    h("h3", {}, rows.length > kSlowest ? `The ${kSlowest} slowest layers` : "Every layer"),
    chart("Mean of one run. A layer carries the name that the engine gives it.", (width) =>
      bars(slowest, width, "unique", "the slowest layers", slowest),
    ),
    h(
      "details",
      {},
      h("summary", {}, `All ${rows.length} layers in order of execution`),
      table(
        "All layers",
        [
          { title: "#", number: true, cell: (row) => row.order },
          { title: "Layer", cell: (row) => code(row.name) },
          { title: "Type", cell: (row) => visible(row.type) },
          { title: "Precision", cell: (row) => row.precision },
          { title: "ms", number: true, cell: (row) => number(row.time) },
          { title: "Part", number: true, cell: (row) => `${((100 * row.time) / whole).toFixed(1)} %` },
          {
            title: "Nodes of the model behind it",
            cell: (row) => h("small", {}, row.origins.map(visible).join(", ")),
          },
        ],
        rows,
      ),
    ),
  );
}
