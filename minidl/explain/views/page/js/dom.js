// Making elements.

// make("button", {class: "chip", on: {click}}, "text", child): an element with attributes, listeners and children.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

// Fill a container anew; the element with the same data-key keeps the focus.
function refill(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.dataset.key : undefined;
  container.replaceChildren(...children.filter(Boolean));
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Bring a child into view inside its own box, without moving anything else.
function reveal(box, child) {
  const outer = box.getBoundingClientRect();
  const inner = child.getBoundingClientRect();
  const room = Math.min(inner.height, outer.height * 0.3);
  if (inner.top < outer.top + room) box.scrollTop += inner.top - outer.top - room;
  else if (inner.bottom > outer.bottom - room) box.scrollTop += inner.bottom - outer.bottom + room;
}

const MATH = "http://www.w3.org/1998/Math/MathML";
const MATH_TAGS = new Set(
  (
    "math mrow mi mn mo ms mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd " +
    "mstyle mpadded mphantom mmultiscripts mprescripts"
  ).split(" "),
);
const MATH_ATTRIBUTES = new Set(
  (
    "displaystyle mathvariant stretchy accent accentunder columnalign linethickness fence separator form " +
    "lspace rspace width height depth largeop movablelimits scriptlevel columnspacing rowspacing"
  ).split(" "),
);

// The MathML of the tape, element by element: anything but mathematics is dropped. A formula of several lines
// becomes as many formulas, and words at the end of a line stand beside it, where they can wrap.
function mathOf(text) {
  const math = new DOMParser().parseFromString(text, "text/html").body.querySelector("math");
  if (!math) return [];
  const table =
    math.children.length === 1 && math.firstElementChild.localName === "mtable" ? math.firstElementChild : null;
  const lines = table
    ? [...table.children].map((row) => [...row.children].flatMap((cell) => [...cell.childNodes]))
    : [[...math.childNodes]];
  return lines.map(mathLine);
}

function mathLine(nodes) {
  const words = nodes.findIndex(
    (node, i) => node.getAttribute("width") === "1.2em" && nodes.slice(i).some((other) => other.querySelector("mtext")),
  );
  const cut = words > 0 ? words : nodes.length;
  const formula = document.createElementNS(MATH, "math");
  formula.setAttribute("displaystyle", "true");
  formula.append(...nodes.slice(0, cut).map(copyOfMath).filter(Boolean));
  const rest = nodes
    .slice(cut)
    .map((node) => node.textContent)
    .join("")
    .replace(/\s+/g, " ")
    .replaceAll("( ", "(")
    .replaceAll(" )", ")")
    .trim();
  return make("div", { class: "math-line" }, formula, rest ? make("span", { class: "math-words" }, rest) : null);
}

function copyOfMath(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.textContent);
  if (node.nodeType !== Node.ELEMENT_NODE || !MATH_TAGS.has(node.localName)) return null;
  const copy = document.createElementNS(MATH, node.localName);
  for (const { name, value } of node.attributes) {
    if (MATH_ATTRIBUTES.has(name)) copy.setAttribute(name, value);
  }
  copy.append(...[...node.childNodes].map(copyOfMath).filter(Boolean));
  return copy;
}
