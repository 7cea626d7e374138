// Numbers as a class reads them: with a real minus sign, and never more digits than can be spoken.

const MINUS = "\u2212";

function odd(v) {
  if (v === undefined || v === null) return "…"; // not on the page
  if (Number.isNaN(v)) return TAPE.values.some((value) => value.nans) ? "NaN" : "…"; // made of one that is not
  return v === Infinity ? "∞" : v === -Infinity ? MINUS + "∞" : null;
}

// fixed(-0.1234, 2) is −0.12; an exact zero is 0.
function fixed(v, digits) {
  if (odd(v)) return odd(v);
  if (v === 0) return "0";
  const text = v.toFixed(digits).replace("-", MINUS);
  return Number(v.toFixed(digits)) === 0 ? (0).toFixed(digits) : text;
}

// n significant digits, without exponents where that stays readable.
function short(v, n = 3) {
  if (odd(v)) return odd(v);
  if (v === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(v)));
  if (size < -4 || size > 6) return exponential(v, n);
  if (Number.isInteger(v)) return String(v).replace("-", MINUS);
  return v.toFixed(Math.max(0, n - 1 - size)).replace("-", MINUS);
}

// 1.23 · 10⁻⁸
function exponential(v, n) {
  const [lead, power] = v.toExponential(n - 1).split("e");
  return `${lead.replace("-", MINUS)} · 10${raised(Number(power))}`;
}

// The number in brackets if it is negative: a factor that follows a sign.
function factor(v, n = 3) {
  return v < 0 ? `(${short(v, n)})` : short(v, n);
}

// How the numbers of a grid are written, all in one unit: {scale, digits, words}. `top` is the largest magnitude.
function unitOf(top) {
  if (!(top > 1e-30) || !Number.isFinite(top)) return { scale: 1, digits: 2, words: "", power: 0 };
  let power = 0;
  while (top * 10 ** power < 0.1 && power < 30) power += 3;
  while (top * 10 ** power >= 10000 && power > -30) power -= 3;
  const scaled = top * 10 ** power;
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  const known = { 0: "", 3: say("app.thousandths"), 6: say("app.millionths"), 9: say("app.billionths") };
  return { scale: 10 ** power, digits, words: known[power] ?? say("app.unit", { power: raised(-power) }), power };
}

// −3 as ⁻³.
const raised = (k) => String(k).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);

// 1,234
function counted(n) {
  return n.toLocaleString("en");
}
