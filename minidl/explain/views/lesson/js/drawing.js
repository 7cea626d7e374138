// Making what is seen: elements with styles, drawings, labelled figures.

const SVG = "http://www.w3.org/2000/svg";

// draw("path", {d, class}): an element of a drawing. What NaN gives no place is left out; what is infinite lies far outside.
function draw(tag, attributes = {}, ...children) {
  if (Object.entries(attributes).some(([name, value]) => name !== "on" && /NaN/.test(value))) return draw("g");
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, String(value).replaceAll("Infinity", "99999"));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Set custom properties and styles; the policy forbids style attributes, not this.
function styled(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
  return element;
}

// figure(label, body): one labelled part of a picture. `label` is {name, hue, more}; hue: f, b, r or "".
function figure(label, ...body) {
  const { name, hue = "", more = "", of = "" } = typeof label === "string" ? { name: label } : label;
  const head = make("figcaption", { class: `label ${hue}` }, make("b", {}, name), more ? ` ${more}` : "");
  return make("figure", { class: `fig ${of}` }, head, ...body);
}

function sign(text, extra = "") {
  return make("div", { class: `op ${extra}`, "aria-hidden": "true" }, text);
}

// A number that was computed by forward (f), brought by backward (b), or is this step's result (r).
function ink(hue, text) {
  return make("span", { class: `num ${hue}` }, text);
}

// The result of this step, on its chip; hidden while the class guesses.
function chip(text) {
  return make("span", { class: "num r chip" }, isGuessing() ? "?" : text);
}

// "= 0.3", never at the end of one line and the start of the next.
const equals = (result) => make("span", { class: "num" }, "= ", result);

function speech(...parts) {
  return make("p", { class: "say num" }, ...parts.flatMap((part) => [part, " "]));
}

// A letter of mathematics with its index: x with 5,18. Slanted; Hangul never is.
function letter(name, index) {
  const shown = index?.length ? make("sub", {}, index.join(",")) : null;
  return make("span", {}, make("span", { class: "v" }, name), shown);
}

// A name with its place, as code has it: z[8, 19].
function placed(name, index) {
  return index?.length ? `${name}[${index.join(", ")}]` : name;
}

// A button of the picture.
function button(text, act, extra = {}) {
  return make("button", { type: "button", ...extra, on: { click: act } }, text);
}
