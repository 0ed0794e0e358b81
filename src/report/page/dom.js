// Elements and the words in them. Text reaches the page only as text nodes, so that a name from a model stays a name:
//   h("td", { class: "number" }, "12.3 ms")

/** An element with attributes and children (strings, nodes, lists of them; null and false are left out). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A name from a file: control characters and direction overrides made visible. */
export function visible(name) {
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export const code = (name) => h("code", {}, visible(name));

/** One number that matters, with its name above and a remark below. */
export function tile(title, value, below) {
  return h(
    "div",
    { class: "tile" },
    h("dt", {}, title),
    h("dd", {}, h("strong", {}, value), h("small", {}, below)),
  );
}

/** A section with its heading; `id` is where the table of contents points. */
export function section(id, title, ...content) {
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    ...content,
  );
}

/** A table; columns are {title, number, cell(row)}. It scrolls inside its own box when the page is narrow. */
export function table(caption, columns, rows, rowAttributes = () => ({})) {
  const css = (column) => (column.number ? "number" : null);
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col", class: css(column) }, column.title)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            rowAttributes(row),
            columns.map((column) => h("td", { class: css(column) }, column.cell(row))),
          ),
        ),
      ),
    ),
  );
}

const undrawn = [];

/** A chart; `draw(width)` gives an SVG. It is drawn by drawCharts(), and again whenever its width changes. */
export function chart(caption, draw) {
  const box = h("div", { class: "plot" });
  let drawn = 0;
  const redraw = () => {
    const width = Math.round(box.clientWidth);
    if (width === 0 || width === drawn) return;
    drawn = width;
    box.replaceChildren(draw(width));
  };
  undrawn.push(redraw);
  new ResizeObserver(redraw).observe(box);
  return h("figure", {}, box, h("figcaption", {}, caption));
}

/** Draws every chart at the width that it has in the page; call when they stand in it. */
export function drawCharts() {
  undrawn.splice(0).forEach((redraw) => redraw());
}
