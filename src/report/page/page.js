// Builds report.html from the result that stands in the page as JSON (docs/result-schema.md).
import "./page.css";
import { h, drawCharts } from "./dom.js";
import { header, verdict } from "./verdict.js";
import { candidates } from "./candidates.js";
import { layers } from "./layers.js";
import { rewrites, quantization } from "./rewrites.js";
import { conditions } from "./facts.js";

const result = JSON.parse(document.getElementById("result").textContent);
const sections = [verdict, candidates, layers, quantization, rewrites, conditions]
  .map((make) => make(result))
  .filter(Boolean);
const contents = h(
  "nav",
  { "aria-label": "Sections" },
  sections.map((part) => h("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)),
);
document
  .getElementById("page")
  .append(
    header(result),
    contents,
    ...sections,
    h(
      "footer",
      {},
      "The whole result stands in this page and in result.json. Latencies are of one run at batch size of the spec; ",
      "intervals hold with 95 % confidence. Charts by Observable Plot (ISC licence).",
    ),
  );
drawCharts();
// A printed page shows everything.
addEventListener("beforeprint", () =>
  document.querySelectorAll("details").forEach((details) => (details.open = true)),
);
