// The conditions under which all this holds: the machine, the input, the files, and where the time of the fit went.
import { h, section, table, visible, code } from "./dom.js";
import { bytes, seconds, engineName, plural } from "./format.js";

function facts(title, pairs) {
  return h(
    "div",
    { class: "card" },
    h("h3", {}, title),
    h(
      "dl",
      { class: "facts" },
      pairs
        .filter(([, value]) => value !== "")
        .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  );
}

export function conditions(result) {
  const { machine: m, spec, model } = result;
  const file = (f) => [code(f.path), h("br"), h("small", {}, `${bytes(f.size_bytes)}, XXH3 ${f.hash}`)];
  return section(
    "conditions",
    "Conditions",
    h(
      "div",
      { class: "cards" },
      facts("Machine", [
        ["Processor", visible(m.cpu)],
        ["Cores", `${m.cores} (${m.architecture})`],
        ["Instructions", m.flags.join(", ")],
        ["Memory", bytes(m.memory_bytes)],
        ["System", visible(m.os)],
        ["Kernel", visible(m.kernel)],
        ["Governor", m.governor ? visible(m.governor) : "not readable"],
        ...Object.entries(m.engines).map(([name, version]) => [engineName(name), visible(version)]),
      ]),
      facts("Files", [
        ["Model", file(model)],
        ["Spec", file(spec)],
        ["Made by", `Shoehorn ${result.version}`],
        ["Made at", visible(result.created)],
      ]),
      facts("The fit’s own time", [
        ...result.steps.map((step) => [visible(step.name), seconds(step.seconds)]),
        ["budget", `${seconds(result.budget_s)}${result.budget_exhausted ? ", used up" : ""}`],
      ]),
    ),
    result.inputs.length > 0 && [
      h("h3", {}, "How a sample becomes an input"),
      table(
        "Inputs",
        [
          { title: "Input", cell: (i) => code(i.name) },
          { title: "Type and shape", cell: (i) => `${i.type} [${i.shape.join(", ")}]` },
          { title: "Layout", cell: (i) => i.layout },
          { title: "Colour", cell: (i) => i.color },
          { title: "Resize", cell: (i) => i.resize },
          { title: "Mean", number: true, cell: (i) => i.mean.map((v) => +v.toPrecision(6)).join(", ") },
          { title: "Scale", number: true, cell: (i) => i.scale.map((v) => +v.toPrecision(6)).join(", ") },
        ],
        result.inputs,
      ),
    ],
  );
}
