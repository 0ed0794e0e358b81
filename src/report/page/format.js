// Numbers and terms as people read them; an unknown number is a dash.

export const known = (value) => value !== null && value !== undefined;

export function number(value) {
  if (!known(value)) return "–";
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (magnitude >= 100) return Math.round(value).toLocaleString("en");
  if (magnitude < 1e-4) return value.toExponential(2);
  return value.toPrecision(3);
}

export const ms = (value) => (known(value) ? `${number(value)} ms` : "–");
export const times = (value) =>
  known(value) ? `${value < 1 ? value.toPrecision(3) : value.toFixed(2)}×` : "–";
export const fraction = (value) => (known(value) ? value.toFixed(3).replace(/^-(0\.0+)$/, "$1") : "–");

export function bytes(value) {
  if (!known(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1000 && unit + 1 < units.length; ++unit) value /= 1024;
  return `${unit === 0 ? value : number(value)} ${units[unit]}`;
}

export function seconds(value) {
  if (!known(value)) return "–";
  if (value >= 60) {
    const whole = Math.round(value);
    return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  }
  return value < 1 ? ms(value * 1000) : `${number(value)} s`;
}

/** A value in the unit of a requirement. */
export function withUnit(value, unit) {
  if (unit === "") return fraction(value);
  if (unit === "bytes") return bytes(value);
  if (unit === "x") return times(value);
  return known(value) ? `${number(value)} ${unit}` : "–";
}

export const plural = (count, thing) => `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;

/** "low to high", or nothing for an exact value. */
export function interval(low, high, format) {
  return known(low) && known(high) && low !== high ? `${format(low)} to ${format(high)}` : "";
}

const engines = { onnxruntime: "ONNX Runtime", openvino: "OpenVINO" };
export const engineName = (name) => engines[name] ?? name;

export function candidateName(candidate) {
  return candidate.original
    ? `Original in ${engineName(candidate.engine)}`
    : `${engineName(candidate.engine)} ${candidate.precision}`;
}

const precisions = {
  f32: "fp32",
  float32: "fp32",
  f16: "fp16",
  float16: "fp16",
  i8: "int8",
  u8: "int8",
  uint8: "int8",
};
/** The engine's own word for a precision, in the words of this page. */
export function precisionOf(word) {
  const lower = word.toLowerCase();
  return lower === "" ? "not said" : (precisions[lower] ?? lower);
}

/** The colour scale of precisions: the same everywhere on the page. */
export function precisionScale(values) {
  const order = ["fp32", "fp16", "bf16", "int8", "not said"];
  const used = [...new Set(values)].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return {
    domain: used,
    range: used.map((name) => (order.slice(0, 4).includes(name) ? `var(--${name})` : "var(--other)")),
  };
}
