// Bricks: a figure in which several cells belong together, framed, and a table whose rows are classes or steps.

// groupFigure({op, label, array, index, hue, member, get, name}): one plane of an array; the cells for which
// member(index) holds are framed; a thin frame goes around those for which block(index) holds. get(index): the number
// that is shown, where that is not the array's; still: its cells cannot be chosen.
function groupFigure({ op, label, array, index, hue = "f", member, get = (i) => at(array, i), name = label, more = "", result = false, frame = hue, ring, as, block = null, still = false }) {
  const plane = planeOf(array, index);
  const { rows, columns } = plane;
  const valueAt = (r, c) => (plane.indexOf(r, c) === null ? undefined : get(plane.indexOf(r, c)));
  const inside = [];
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) if (plane.indexOf(r, c) && member(plane.indexOf(r, c))) inside.push([r, c]);
  const box = boxAround(inside);
  const around = block && solidBox([...placesOf([rows, columns])].filter(([r, c]) => plane.indexOf(r, c) && block(plane.indexOf(r, c))));
  const cellAt = (r, c) => plane.indexOf(r, c) && op.lesson.cell(op, as ?? (label === "dz" ? "z" : label.startsWith("d") && label.slice(1) in op.in ? label.slice(1) : label), plane.indexOf(r, c));
  const few = rows <= FEW && columns <= FEW;
  const numbers = [];
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) numbers.push(valueAt(r, c) ?? 0);
  const top = topOf(numbers);
  const unit = isFloating(array) && numbers.some((v) => v) ? unitOf(top) : { scale: 1, digits: isFloating(array) ? 2 : 0, words: "", power: 0 };
  const leading = array.shape.length > 2 && sizeOf(array.shape.slice(0, -2)) > 1 ? `[${index.slice(0, -2).join(", ")}]` : "";
  const head = { name, hue: result ? "" : hue, more: [more, leading, few ? unit.words : ""].filter(Boolean).join(", ") };
  const shared = { rows, columns, get: valueAt, hue, frame, result, top };
  if (!still) Object.assign(shared, { pick: (r, c) => cellAt(r, c) && pick(op, cellAt(r, c)), over: (r, c) => cellAt(r, c) && preview(op, cellAt(r, c)) });
  if (!few) return figure(head, map({ ...shared, frames: box ? [...(around ? [{ ...around, hue: "--muted" }] : []), box, { row: plane.place[0], column: plane.place[1], rows: 1, columns: 1 }] : [] }));
  const runs = inside.length < 2 ? [] : solidBox(inside) ? [box] : runsOf(inside);
  const grid = cells({ ...shared, unit, chosen: runs.length ? undefined : (r, c) => inside.some(([i, j]) => i === r && j === c), ring: ring && ((r, c) => plane.indexOf(r, c) && ring(plane.indexOf(r, c))) });
  styled(grid, { "--cell": `min(4.4rem, calc(var(--wide) / ${columns}))`, "--cellh": `min(3rem, calc(var(--high) / ${rows}))` });
  if (around) grid.append(spanOver(around, "thin"));
  for (const run of runs) grid.append(spanOver(run));
  return figure(head, grid);
}

// A frame over some rows and columns of a grid.
function spanOver({ row, column, rows, columns }, kind = "") {
  const place = { "grid-area": `${row + 1} / ${column + 1} / span ${rows} / span ${columns}` };
  return styled(make("div", { class: `span ${kind}`, "aria-hidden": "true" }), place);
}

// Rows of neighbours, each as a box; none where a row has a single one of several.
function runsOf(places) {
  const rows = [...new Set(places.map(([r]) => r))].map((r) => solidBox(places.filter(([i]) => i === r)));
  return rows.every((box) => box && box.columns > 1) ? rows : [];
}

function solidBox(places) {
  const box = boxAround(places);
  return box && places.length === box.rows * box.columns ? box : null;
}

function boxAround(places) {
  if (!places.length) return null;
  const [rows, columns] = [places.map(([r]) => r), places.map(([, c]) => c)];
  const [row, column] = [Math.min(...rows), Math.min(...columns)];
  return { row, column, rows: Math.max(...rows) - row + 1, columns: Math.max(...columns) - column + 1 };
}

// table({columns, count, names, chosen, pick}): a row for each class, step or sample; long ones show the part around
// the chosen row. columns: [{head, says, hue, get(k), bar, between}]: numbers, bars beside them, or a sign between.
function table({ columns, count, names = (k) => String(k), nameHead = "", chosen = -1, pick: pickRow, most: most_ = 9, class: classes = "" }) {
  const first = Math.max(0, Math.min(chosen - Math.floor(most_ / 2), count - most_));
  const shown = Array.from({ length: Math.min(count, most_) }, (_, k) => first + k);
  const column = "var(--column, max-content)"; // narrower where columns are many and the screen is small
  const template = [column, ...columns.map((one) => (one.bar ? "minmax(0, 1fr)" : column))].join(" ");
  const heads = columns.map(({ head = "", says = "", hue = "", bar, between }) =>
    make("span", { class: `th ${bar ? "of-bar" : ""}` }, bar || between ? "" : make("b", {}, make("span", { class: `v ${hue}` }, head)), bar || between ? "" : says));
  const lines = shown.map((k) => {
    const parts = columns.map((one) => cellOfTable(one, k, shown));
    const attributes = { class: `line ${k === chosen ? "on" : ""}`, "data-row": k };
    const content = [make("span", { class: "name" }, names(k)), ...parts];
    if (!pickRow) return make("div", attributes, ...content);
    return make("button", { type: "button", ...attributes, "data-key": `row-${k}`, on: { click: () => pickRow(k) } }, ...content);
  });
  const kinds = `${classes} ${shown.length <= 5 ? "few" : ""} ${here().part?.phase ?? ""}`;
  return styled(make("div", { class: `table ${kinds}` }, make("span", { class: "th" }, nameHead), ...heads, ...lines), { "grid-template-columns": template });
}

function cellOfTable({ get, hue = "", bar = false, between = "" }, k, shown) {
  if (between) return make("span", { class: "between" }, between);
  const v = get(k);
  const hidden = hue === "r" && isGuessing();
  const numbers = shown.map(get).filter(Number.isFinite);
  if (!bar) return make("span", { class: `value ${hue}` }, hidden ? "?" : tidy(v, numbers));
  const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  const share = (value) => (100 * (value - low)) / (high - low || 1);
  const part = make("i", { class: v > 0 ? "full" : "" });
  styled(part, { left: `${share(Math.min(0, v))}%`, width: `${hidden ? 0 : share(Math.max(0, v)) - share(Math.min(0, v))}%` });
  return styled(make("span", { class: `bar ${hue === "r" ? "b" : hue}` }, Number.isFinite(v) && v !== 0 ? part : null), { "--zero": `${share(0)}%` });
}

// A number in a column of numbers: as many digits after the point as the largest needs for three of its own.
function tidy(v, column) {
  if (!Number.isFinite(v) || column.every(Number.isInteger)) return short(v);
  const top = topOf(column);
  if (top < 1e-6 || top >= 1e5) return short(v);
  return fixed(v, Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(top))) + (top < 0.1 ? Math.ceil(-Math.log10(top)) - 1 : 0)));
}
