// The graph as a map: every operator a box in the colour of the place and unit where it runs, laid out in layers from
// left to right; a tensor that crosses the link is a thick line with its bytes.
import { Graph, layout } from "@dagrejs/dagre";
import { h, visible } from "./dom.js";
import { bytes, seconds } from "./format.js";

const palette = ["#2f6fe0", "#e08a1e", "#14804a", "#9c6fd6", "#c02f2f", "#2a9d9d", "#8a5a00", "#6b7a99"];
const key = (node) => (node.unit ? `${node.site}: ${node.unit}` : node.site);

/** Name of place and unit -> colour, in the order of the graph. */
export function siteColors(result) {
  const names = [...new Set(result.map.nodes.map(key))];
  return new Map(names.map((name, i) => [name, palette[i % palette.length]]));
}

const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter(Boolean));
  return element;
};

export function map(result, colors) {
  const { nodes, edges } = result.map;
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 6, ranksep: 16, marginx: 12, marginy: 30, ranker: "longest-path" });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach((node, i) => graph.setNode(String(i), { width: 18, height: 12 }));
  const inner = edges.filter((edge) => edge.from !== null);
  inner.forEach((edge) => graph.setEdge(String(edge.from), String(edge.to)));
  layout(graph);
  const { width, height } = graph.graph();
  const line = (edge) => {
    const points = graph.edge(String(edge.from), String(edge.to)).points;
    return svg("polyline", {
      points: points.map((point) => `${point.x},${point.y}`).join(" "),
      class: edge.bytes === undefined ? "edge" : "edge crossing",
    });
  };
  const labelled = new Set();
  const labels = edges
    .filter((edge) => edge.bytes !== undefined && !labelled.has(edge.value) && labelled.add(edge.value))
    .map((edge) => {
      const at =
        edge.from === null
          ? graph.node(String(edge.to))
          : graph.edge(String(edge.from), String(edge.to)).points[0];
      return svg(
        "text",
        { x: at.x, y: Math.max(at.y - 12, 14), class: "bytes" },
        `${bytes(edge.bytes)} ${visible(edge.value).slice(0, 40)}`,
      );
    });
  const boxes = nodes.map((node, i) => {
    const { x, y } = graph.node(String(i));
    return svg(
      "rect",
      { x: x - 9, y: y - 6, width: 18, height: 12, rx: 3, fill: colors.get(key(node)) },
      svg("title", {}, `${visible(node.name)} (${visible(node.op)}): ${visible(key(node))}, ${seconds(node.seconds)}`),
    );
  });
  return h(
    "div",
    { class: "scroll map", tabindex: "0", role: "region", "aria-label": "The graph, coloured by place" },
    svg(
      "svg",
      { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Operators by place and unit" },
      ...inner.map(line),
      ...boxes,
      ...labels,
    ),
  );
}
