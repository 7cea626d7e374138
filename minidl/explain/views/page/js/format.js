// Numbers, shapes and texts as a reader sees them.

const MINUS = "\u2212";

// Four significant digits, or fewer if those give the number exactly. Rounding is never hidden: 0.1 in float32 is
// shown as 0.1000, 0.5 as 0.5.
function formatNumber(x) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : MINUS + "∞";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return withMinus(String(x === 0 ? 0 : x));
  const small = Math.abs(x) < 1e-3;
  const rounded = small ? x.toExponential(3) : x.toPrecision(4);
  const short = String(x);
  return withMinus(Number(rounded) === x && short.length <= rounded.length ? short : rounded);
}

// All digits needed to tell this number from its neighbours.
function exactNumber(x) {
  if (!Number.isFinite(x)) return formatNumber(x);
  return Object.is(x, -0) ? MINUS + "0" : withMinus(String(x));
}

function withMinus(text) {
  return text.replaceAll("-", MINUS);
}

function formatShape(shape) {
  return shape.length ? `[${shape.join(", ")}]` : t("scalar");
}

// The same in less room: 1×10×30×30.
function shortShape(shape) {
  return shape.length ? shape.join("×") : t("scalar");
}

function formatIndex(name, index) {
  return index.length ? `${name}[${index.join(", ")}]` : name;
}

// A text of the tape: plain, or one for each language.
function inLanguage(text) {
  if (text && typeof text === "object") return text[language] ?? text.en ?? "";
  return text ?? "";
}
