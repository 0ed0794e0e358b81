// Every candidate: the plot, a table of those that were measured, and those that were not to the end, with the reason.
import { h, section, table, chart, visible } from "./dom.js";
import { known, ms, times, fraction, bytes, number, candidateName, interval } from "./format.js";
import { place } from "./verdict.js";
import { measured, score, latency, paced, scatter, legend } from "./scatter.js";

export function candidates(result) {
  const done = paced(result.candidates.filter((c) => c.state === "measured"));
  const others = result.candidates.filter((c) => c.state !== "measured");
  const points = done.filter((c) => known(latency(c)) && known(score(c)));
  const sorted = done.sort((a, b) => latency(a) - latency(b));
  const spread = (c) => interval(c.latency_ms.low, c.latency_ms.high, number);
  return section(
    "candidates",
    "Candidates",
    points.length > 0 && [
      legend(points),
      chart(
        "Up and to the left is better. Filled points meet the spec and are surely not slower than the original; bars show the 95 % interval of the difference to the original; " +
          "limits are those at the thread count of the chosen candidate. Latency is the original’s divided by the speed-up over its interleaved rounds.",
        (width) => scatter(result, points, width),
      ),
    ],
    table(
      "Measured candidates",
      [
        {
          title: "Candidate",
          cell: (c) => [
            h("strong", {}, candidateName(c)),
            " ",
            c.id === result.chosen?.id && h("span", { class: "tag" }, "chosen"),
            c.variant && [h("br"), h("small", {}, visible(c.variant))],
            c.placement && [h("br"), h("small", {}, place(c.placement))],
          ],
        },
        { title: "Threads", number: true, cell: (c) => c.threads },
        {
          title: "p50 ms",
          number: true,
          cell: (c) => [number(measured(c)), h("br"), h("small", {}, spread(c))],
        },
        {
          title: "p90 / p99",
          number: true,
          cell: (c) => [
            number(c.latency_ms.p90),
            h("br"),
            h(
              "small",
              {},
              `${number(c.latency_ms.p99)}${c.latency_ms.p99_trusted || !known(c.latency_ms.p99) ? "" : " ?"}`,
            ),
          ],
        },
        {
          title: "Speed-up",
          number: true,
          cell: (c) => [
            times(c.speedup),
            h("br"),
            h(
              "small",
              {},
              interval(c.speedup_low, c.speedup_high, (v) => v.toFixed(2)),
            ),
          ],
        },
        {
          title: visible(done[0]?.metric.name ?? "Metric"),
          number: true,
          cell: (c) => [
            fraction(score(c)),
            h("br"),
            h("small", {}, interval(c.metric.low, c.metric.high, fraction)),
          ],
        },
        {
          title: "Size / peak",
          number: true,
          cell: (c) => [bytes(c.size_bytes), h("br"), h("small", {}, bytes(c.peak_memory_bytes))],
        },
        { title: "Load", number: true, cell: (c) => ms(c.load_ms) },
        {
          title: "Spec",
          cell: (c) => h("span", { class: c.meets ? "yes" : "no" }, c.meets ? "met" : "not met"),
        },
      ],
      sorted,
      (c) => ({ class: c.id === result.chosen?.id ? "chosen" : null }),
    ),
    sorted.some((c) => known(c.latency_ms.p99) && !c.latency_ms.p99_trusted) &&
      h("p", { class: "faint" }, "? from fewer than 662 runs: a p99 that decides nothing."),
    others.length > 0 &&
      h(
        "details",
        { open: others.some((c) => c.state === "failed") },
        h(
          "summary",
          {},
          "Not measured to the end",
          h(
            "span",
            { class: "count" },
            ["failed", "skipped", "pruned"]
              .map((state) => [others.filter((c) => c.state === state).length, state])
              .filter(([count]) => count > 0)
              .map(([count, state]) => `${count} ${state}`)
              .join(", "),
          ),
        ),
        table(
          "Candidates not measured to the end",
          [
            {
              title: "Candidate",
              cell: (c) => [
                h("strong", {}, candidateName(c)),
                c.variant && [h("br"), h("small", {}, visible(c.variant))],
              ],
            },
            { title: "Threads", number: true, cell: (c) => c.threads },
            { title: "State", cell: (c) => c.state },
            { title: "Why", cell: (c) => visible(c.reason) },
          ],
          others,
        ),
      ),
  );
}
