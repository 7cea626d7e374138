// Bricks: one number's way through an operation, as boxes and arrows: values forward, gradients backward.

// wires({symbol, inputs, z, dz, chosen}): inputs to the left, the operation in the middle, its output to the right.
//   inputs   [{name, value, local, grad, constant}]: `local` is ∂z/∂x as a number; a constant receives nothing
//   chosen   in backward: the name of the input whose gradient is this screen's result; null in forward
function wires({ symbol, inputs, z, dz, chosen = null, zName = "z" }) {
  const backward = chosen !== null;
  const high = Math.max(250, 116 * inputs.length + 10);
  const [middle, wide] = [high / 2, 640];
  const place = (k) => (high / inputs.length) * (k + 0.5);
  const lines = inputs.flatMap((one, k) => wireOf(one, place(k), middle, backward, chosen === one.name));
  const boxes = inputs.map((one, k) => boxOf({ x: 2, y: place(k), ...one, grad: backward ? one.grad : undefined, result: chosen === one.name }));
  return draw(
    "svg",
    { viewBox: `0 0 ${wide} ${high}`, class: "wires", role: "img", "aria-label": say("wires.says", { symbol, n: inputs.length }) },
    ...lines,
    draw("path", { class: backward ? "wire b" : "wire f", d: backward ? `M436,${middle}H404` : `M386,${middle}H422` }),
    backward ? tip(406, middle, 180, "b") : tip(418, middle, 0, "f"),
    draw("circle", { class: "node", cx: 350, cy: middle, r: 36 }),
    draw("text", { class: "symbol", x: 350, y: middle + 12 }, symbol),
    ...boxes,
    boxOf({ x: 434, y: middle, name: zName, value: z, grad: backward ? dz : undefined, result: !backward }),
  );
}

// The wire of one input, with the factor its gradient takes on the way back.
function wireOf({ local, constant }, y, middle, backward, chosen) {
  const back = backward && !constant;
  const path = `M${back ? 220 : 206},${y}C266,${y} 272,${middle} 316,${middle}`;
  const classes = back ? `wire b ${chosen ? "" : "faint"}` : `wire f ${backward ? "faint" : ""}`;
  const parts = [draw("path", { class: classes, d: path })];
  if (back) {
    parts.push(tip(226, y, 180, chosen ? "b" : "b faint"));
    if (chosen && local !== undefined) parts.push(...tag(`× ${factor(local)}`, 284, y === middle ? y - 34 : y + (y < middle ? -14 : 34)));
  }
  return parts;
}

function tip(x, y, turned, hue) {
  return draw("path", { class: `tip ${hue}`, d: "M0,-10L16,0L0,10z", transform: `translate(${x},${y}) rotate(${turned})` });
}

const tag = (text, x, y) => [draw("text", { class: "factor", x, y }, text)];

// A number that is too long for its box is set in narrower letters, not in smaller ones.
const ROOM = 146;
const WIDEST = 33; // its letters on a phone
const letterWidth = (letter) => (" .·".includes(letter) ? 0.28 : /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(letter) ? 0.37 : 0.58) * WIDEST;
const condensed = (text) => (isGuessing() || [...text].reduce((sum, letter) => sum + letterWidth(letter), 0) <= ROOM ? {} : { textLength: ROOM, lengthAdjust: "spacingAndGlyphs" });

// A box: the name and the value, and below it the gradient.
function boxOf({ x, y, name, value, grad, result, constant = false }) {
  const twice = grad !== undefined && !constant;
  const high = twice ? 100 : 60;
  const hidden = result && isGuessing();
  const first = y - high / 2;
  const parts = [
    draw("rect", { class: `box ${result ? "result" : ""}`, x, y: first, width: 204, height: high, rx: 8 }),
    draw("text", { class: "letter", x: x + 10, y: first + 40 }, name),
    draw("text", { class: `amount ${constant ? "" : "f"}`, x: x + 196, y: first + 41, ...condensed(short(value)) }, !twice && hidden ? "?" : short(value)),
  ];
  if (twice) {
    if (result) parts.push(draw("rect", { class: "chipped", x: x + 6, y: first + 55, width: 192, height: 39, rx: 6 }));
    parts.push(
      draw("text", { class: `letter ${result ? "on" : ""}`, x: x + 10, y: first + 84 }, `d${name}`),
      draw("text", { class: `amount ${result ? "on" : "b"}`, x: x + 196, y: first + 85, ...condensed(short(grad)) }, hidden ? "?" : short(grad)),
    );
  } else if (result && !hidden) {
    parts.splice(1, 0, draw("rect", { class: "chipped", x: x + 6, y: first + 8, width: 192, height: 44, rx: 6 }));
    parts.at(-1).setAttribute("class", "amount on");
    parts.at(-2).setAttribute("class", "letter on");
  }
  return draw("g", {}, ...parts);
}
