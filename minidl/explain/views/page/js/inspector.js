// The right-hand side: the values after this line, one of them as a heat map, one of its cells explained.

const view = { held: null, plane: 0, cell: null, group: null, table: false, step: -1 };
const TABLE = 16; // rows and columns of the table of numbers
const THUMBNAILS = 20;

// Keep the selection while it still exists; else select what the line has made.
function chooseValue(items) {
  const arrays = items.filter((item) => typeof item.held === "number");
  const fresh = arrays.find((item) => item.kind !== "known");
  const moved = view.step !== walk.step;
  view.step = walk.step;
  if (moved && fresh) lookAt(fresh.held);
  else if (!arrays.some((item) => item.held === view.held)) lookAt((fresh ?? arrays[0])?.held ?? null);
  return arrays.find((item) => item.held === view.held) ?? null;
}

function lookAt(held) {
  if (held === view.held) return;
  Object.assign(view, { held, plane: 0, cell: null, group: null });
}

function drawInspector() {
  const moved = view.step !== walk.step;
  const items = itemsOf(currentStep());
  const hidden = isHidden();
  const chosen = chooseValue(hidden ? items.filter((item) => item.kind === "known") : items);
  const box = byId("inspector");
  refill(
    box,
    make("h2", { id: "values-title" }, t("values")),
    hidden ? predictBox(items.filter((item) => item.kind !== "known")) : guessMade(),
    itemList(items, hidden),
    chosen ? inspected(chosen) : make("p", { class: "none" }, t("values.none")),
  );
  drawMaps(chosen);
  if (moved) box.scrollTop = 0;
  revealSum(box);
}

// Scroll to the sum behind a cell, as far as its heat map stays in view.
function revealSum(box) {
  const [sum, maps] = [box.querySelector(".sum"), box.querySelector(".maps")];
  if (!sum) return;
  const part = sum.querySelector(".part[aria-pressed=true]");
  if (part) reveal(part.parentElement, part);
  const place = box.getBoundingClientRect();
  const below = sum.getBoundingClientRect().bottom - place.bottom;
  if (below > 0) box.scrollTop += Math.min(below, maps.getBoundingClientRect().top - place.top - 4);
}

function itemList(items, hidden) {
  const lists = ["returned", "new", "known"].map((kind) => {
    const some = items.filter(
      (item) => item.kind === kind && (kind !== "known" || item.onLine || typeof item.held === "number"),
    );
    if (!some.length) return null;
    return make(
      "div",
      { class: `items ${kind}` },
      make("h3", {}, t("values." + kind)),
      make("ul", {}, ...some.map((item) => make("li", {}, itemChip(item, hidden && kind !== "known")))),
    );
  });
  return make("div", { class: "item-lists" }, ...lists);
}

function itemChip(item, hidden) {
  const name = item.names.join(" = ");
  if (hidden) return make("span", { class: "chip text" }, make("b", {}, name), " ?");
  if (typeof item.held !== "number")
    return make("span", { class: "chip text" }, make("b", {}, name), ` = ${item.held}`);
  const array = VALUES[item.held];
  const note =
    array.shape.length === 0 && array.numbers.length ? formatNumber(array.numbers[0]) : formatShape(array.shape);
  return make(
    "button",
    {
      type: "button",
      class: `chip ${item.kind === "known" && !item.onLine ? "aside" : ""}`,
      "data-key": `chip-${item.held}`,
      "data-held": item.held,
      "aria-pressed": String(item.held === view.held),
      on: {
        click: () => {
          lookAt(item.held);
          show();
        },
      },
    },
    make("b", {}, name),
    " ",
    make("span", {}, note),
  );
}

function inspected(item) {
  const array = VALUES[item.held];
  const name = item.names[0];
  if (array.shape.length === 0) return scalarBox(array, name);
  const layout = layoutOf(array);
  const index = view.cell ? layout.indexOf(view.plane, view.cell.row, view.cell.column) : null;
  const sum = index ? sumBehind(currentStep(), item.held, index) : null;
  const spelt = roleOf(currentStep(), item.held) !== null;
  const sampled = sampledWords(array);
  return make(
    "div",
    { class: "inspected" },
    planeChooser(array, layout, name),
    make(
      "div",
      { class: "maps" },
      make(
        "figure",
        {},
        make(
          "div",
          { class: "map-box" },
          make("canvas", {
            id: "map",
            class: "map",
            tabindex: "0",
            role: "application",
            "data-key": "map",
            "aria-label": t("map.label", { name, rows: layout.rows, columns: layout.columns }),
          }),
        ),
      ),
      sum && sum.partnerPlace !== null ? partnerFigure(sum) : null,
    ),
    sampled || layout.folded
      ? make(
          "p",
          { class: "aside" },
          layout.folded ? t("map.wrapped", { n: layout.length, columns: layout.columns }) + " " : "",
          sampled ? t("map.sampled", { what: sampled }) : "",
        )
      : null,
    readOut(array, name, index, spelt),
    sum ? drawSum(sum, name, index) : null,
    statistics(array),
    array.nans || array.infs ? make("p", { class: "aside" }, t("stat.finite")) : null,
    legendOf(array),
    numbersBox(array, layout, name),
  );
}

function scalarBox(array, name) {
  const x = array.numbers[0];
  return make(
    "div",
    { class: "inspected scalar" },
    make(
      "p",
      { class: "big" },
      make("span", {}, `${name} = `),
      make("b", { id: "scalar", "data-number": x }, formatNumber(x)),
    ),
    make("p", { class: "aside" }, `${array.dtype}, ${t("cell.exact", { x: exactNumber(x) })}`),
  );
}

// min, max, mean, and how many zeros, NaN and infinities there are.
function statistics(array) {
  const entry = (key, x) =>
    x === null || x === undefined
      ? null
      : make(
          "div",
          {},
          make("dt", {}, t("stat." + key)),
          make("dd", { "data-stat": key, "data-number": x, title: exactNumber(x) }, formatNumber(x)),
        );
  return make(
    "dl",
    { class: "stats" },
    entry("min", array.min),
    entry("max", array.max),
    entry("mean", array.mean),
    entry("zeros", array.zeros),
    array.nans ? entry("nan", array.nans) : null,
    array.infs ? entry("inf", array.infs) : null,
  );
}

function planeChooser(array, layout, name) {
  if (layout.planes.length < 2)
    return make("p", { class: "plane-name" }, make("b", {}, name), ` ${formatShape(array.shape)} ${array.dtype}`);
  const step = (by) => () => setPlane((view.plane + by + layout.planes.length) % layout.planes.length);
  const label = t("map.plane", { name, plane: layout.planes[view.plane].join(", ") });
  const thumbnails =
    layout.planes.length > THUMBNAILS || layout.folded
      ? []
      : layout.planes.map((plane, i) =>
          make(
            "button",
            {
              type: "button",
              class: "thumb",
              "data-key": `plane-${i}`,
              "data-plane": i,
              "aria-pressed": String(i === view.plane),
              "aria-label": t("map.plane", { name, plane: plane.join(", ") }),
              on: { click: () => setPlane(i) },
            },
            make("canvas", {}),
          ),
        );
  return make(
    "div",
    { class: "planes", role: "group", "aria-label": t("map.planes", { name }) },
    make(
      "p",
      { class: "plane-name" },
      make(
        "button",
        {
          type: "button",
          class: "step",
          "data-key": "plane-back",
          "aria-label": `${label} −1`,
          on: { click: step(-1) },
        },
        "‹",
      ),
      make("b", {}, label),
      make(
        "button",
        { type: "button", class: "step", "data-key": "plane-on", "aria-label": `${label} +1`, on: { click: step(1) } },
        "›",
      ),
      make("span", {}, `${formatShape(array.shape)} ${array.dtype}`),
    ),
    thumbnails.length ? make("div", { class: "thumbs" }, ...thumbnails) : null,
  );
}

function setPlane(plane) {
  view.plane = plane;
  view.group = null;
  show();
}

function partnerFigure(sum) {
  const name = sum.partner;
  return make(
    "figure",
    { class: "partner" },
    make(
      "div",
      { class: "map-box" },
      make("canvas", { id: "partner", class: "map", role: "img", "aria-label": t("map.partner", { name }) }),
    ),
    make("figcaption", { id: "partner-name" }, name),
  );
}

function readOut(array, name, index, spelt) {
  const key = spelt ? "map.pick" : "map.pick.plain";
  if (!index) return make("p", { class: "readout hint", id: "readout" }, t(key));
  const x = at(array, index);
  const text = x === undefined ? t("map.missing") : formatNumber(x);
  return make(
    "p",
    { class: "readout", id: "readout", "aria-live": "polite" },
    make("span", { class: "address" }, formatIndex(name, index)),
    " = ",
    make("b", { "data-number": x ?? "" }, text),
    x !== undefined && Number.isFinite(x) ? make("small", {}, t("cell.exact", { x: exactNumber(x) })) : null,
  );
}

// A table of the numbers around the chosen cell.
function numbersBox(array, layout, name) {
  const toggle = make(
    "button",
    {
      type: "button",
      class: "wide",
      "data-key": "numbers",
      id: "numbers-toggle",
      "aria-expanded": String(view.table),
      on: {
        click: () => {
          view.table = !view.table;
          show();
        },
      },
    },
    t(view.table ? "numbers.hide" : "numbers.show"),
  );
  if (!view.table) return make("div", { class: "numbers" }, toggle);
  const from = (length, centre) => Math.max(0, Math.min(length - TABLE, centre - TABLE / 2));
  const [r0, c0] = [from(layout.rows, view.cell?.row ?? 0), from(layout.columns, view.cell?.column ?? 0)];
  const [r1, c1] = [Math.min(layout.rows, r0 + TABLE), Math.min(layout.columns, c0 + TABLE)];
  const range = (a, b) => Array.from({ length: b - a }, (_, i) => a + i);
  const cell = (row, column) => {
    const index = layout.indexOf(view.plane, row, column);
    const x = index === null ? undefined : at(array, index);
    const chosen = view.cell?.row === row && view.cell?.column === column;
    return make(
      "td",
      {
        "data-number": x ?? "",
        "data-index": index === null ? null : index.join(","),
        class: chosen ? "chosen" : null,
        title: x === undefined ? null : exactNumber(x),
      },
      index === null ? "" : x === undefined ? "·" : formatNumber(x),
    );
  };
  const head = make(
    "tr",
    {},
    make("td", {}),
    ...range(c0, c1).map((column) => make("th", { scope: "col" }, String(column))),
  );
  const rows = range(r0, r1).map((row) =>
    make("tr", {}, make("th", { scope: "row" }, String(row)), ...range(c0, c1).map((column) => cell(row, column))),
  );
  return make(
    "div",
    { class: "numbers" },
    toggle,
    make(
      "div",
      { class: "table-box", tabindex: "0", role: "region", "data-key": "table", "aria-label": t("numbers.label") },
      make(
        "table",
        {},
        make("caption", {}, t("numbers.caption", { name, r0, r1: r1 - 1, c0, c1: c1 - 1 })),
        make("thead", {}, head),
        make("tbody", {}, ...rows),
      ),
    ),
  );
}

// Draw the heat maps into the canvases made by now, and listen for the choice of a cell.
function drawMaps(item) {
  const canvas = byId("map");
  if (!item || !canvas) return;
  const array = VALUES[item.held];
  const layout = layoutOf(array);
  for (const thumb of document.querySelectorAll(".thumb")) {
    drawMap(thumb.firstChild, array, layout, Number(thumb.dataset.plane), { width: 30, height: 30 });
  }
  const index = view.cell ? layout.indexOf(view.plane, view.cell.row, view.cell.column) : null;
  const sum = index ? sumBehind(currentStep(), item.held, index) : null;
  const side = drawMap(canvas, array, layout, view.plane, { ...mapRoom(canvas), chosen: view.cell });
  canvas.addEventListener("click", (event) => {
    const place = canvas.getBoundingClientRect();
    pickCell(layout, Math.floor((event.clientY - place.top) / side), Math.floor((event.clientX - place.left) / side));
  });
  canvas.addEventListener("keydown", (event) => moveCell(event, layout));
  if (sum && sum.partnerPlace !== null) drawPartner(sum);
}

function mapRoom(canvas) {
  const box = canvas.closest(".map-box");
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { width: box.clientWidth - 8, height: letter * 14 };
}

function pickCell(layout, row, column) {
  if (row < 0 || column < 0 || row >= layout.rows || column >= layout.columns) return;
  if (layout.indexOf(view.plane, row, column) === null) return;
  view.cell = { row, column };
  view.group = null;
  show();
}

const CELL_KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function moveCell(event, layout) {
  if (event.key === "Escape") {
    view.cell = null;
    byId("map").blur();
    return show();
  }
  const by = CELL_KEYS[event.key];
  if (!by || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  const from = view.cell ?? { row: -by[0], column: -by[1] };
  pickCell(layout, Math.max(0, from.row + by[0]), Math.max(0, from.column + by[1]));
}

// The other array of the sum, with the window lit: in the plane of the part that is spelled.
function drawPartner(sum) {
  const array = VALUES[sum.partnerPlace];
  const layout = layoutOf(array);
  const parts = sum.terms.length > SPELLED_AT_ONCE && sum.groups.length > 1;
  const group = parts ? (sum.groups.find(({ id }) => id === view.group) ?? largestPart(sum)) : null;
  const places = sum.terms
    .filter((term) => group === null || term.group === group.id)
    .map((term) => layout.placeOf(term.at));
  const plane = places[0]?.plane ?? 0;
  const lit = new Set(places.filter((place) => place.plane === plane).map(({ row, column }) => `${row},${column}`));
  const canvas = byId("partner");
  drawMap(canvas, array, layout, plane, { ...mapRoom(canvas), lit });
  const head = layout.planes[plane] ?? [];
  byId("partner-name").textContent = head.length
    ? t("map.plane", { name: sum.partner, plane: head.join(", ") })
    : sum.partner;
  canvas.dataset.lit = [...lit].join(" ");
}

function predictBox(items) {
  const names = items.map((item) => item.names[0]).join(", ");
  const input = make("input", {
    type: "text",
    id: "guess",
    "data-key": "guess",
    value: walk.guesses.get(walk.step) ?? "",
    autocomplete: "off",
    on: { input: (event) => walk.guesses.set(walk.step, event.target.value) },
  });
  return make(
    "div",
    { class: "predict" },
    make("p", {}, t("predict.ask", { names })),
    make("label", { for: "guess" }, t("predict.guess")),
    input,
    make(
      "button",
      { type: "button", id: "reveal", "data-key": "reveal", class: "primary", on: { click: revealLine } },
      t("predict.reveal"),
    ),
  );
}

function revealLine() {
  walk.revealed.add(walk.step);
  show();
}

function guessMade() {
  const guess = walk.predicting && walk.guesses.get(walk.step);
  return guess ? make("p", { class: "guess" }, `${t("predict.was")} `, make("b", {}, guess)) : null;
}
