// Rows that read as equations: name, factors with their signs, product. The largest shares of a long sum, and the rest.

const ROWS = 10; // at most, without the row for the rest

// equations({heads, rows, chosen, pick, over, total, hues, unit, sum}): a table.
//   heads    [name, first, second, product]      rows   [{name, a, b, product, index}]
//   hues     the inks of the factors ["b", "f"]  sum    {text, value}: the last line
function equations({ heads, rows, chosen, pick: pickOne, over, hues = ["b", "f"], sum, sign: between = "×" }) {
  const sorted = rows.length > ROWS ? largest(rows, chosen) : rows;
  const rest = rows.length - sorted.length;
  const top = topOf(rows.map((row) => row.product));
  const unit = unitOf(top);
  const units = [unitOf(topOf(sorted.map((row) => row.a))), unitOf(topOf(sorted.map((row) => row.b)))];
  const write = (v, one) => fixed(v * one.scale, Math.max(2, one.digits));
  const body = sorted.map((row) => {
    const isOn = row === rows[chosen];
    const bar = styled(make("span", { class: `bar b ${row.product < 0 ? "hollow" : "full"}` }), { "--length": (Math.abs(row.product) / top).toFixed(4) });
    const line = make("div", { class: `eq-row ${isOn ? "on" : ""}` },
      make("span", { class: "name num" }, row.name), make("span", { class: `num ${hues[0]}` }, write(row.a, units[0])), make("span", { class: "num" }, between),
      make("span", { class: `num ${hues[1]}` }, write(row.b, units[1])), make("span", { class: "num" }, "="), make("span", { class: "num" }, write(row.product, unit)), make("span", { class: "track both" }, bar));
    if (over) line.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && over(row));
    if (pickOne) line.addEventListener("click", () => pickOne(row));
    return line;
  });
  const inUnit = (one) => (one.power ? ` ${say("app.unit", { power: raised(-one.power) })}` : "");
  const words = (k) => inUnit(units[k]);
  const head = make("div", { class: "eq-row heads" }, make("span", {}, heads[0]), make("span", { class: hues[0] }, make("b", {}, heads[1]), words(0)), make("span"), make("span", { class: hues[1] }, make("b", {}, heads[2]), words(1)), make("span"), make("span", {}, make("b", {}, heads[3]), inUnit(unit)), make("span"));
  return make("div", { class: `equations ${pickOne ? "touch" : ""}` }, head, ...body,
    rest ? make("p", { class: "muted" }, say("app.rest", { n: counted(rest), sum: write(rows.filter((row) => !sorted.includes(row)).reduce((total, row) => total + row.product, 0), unit) })) : null,
    sum ? speech(make("span", { class: "m" }, sum.text), "=", chip(sum.value)) : null);
}

// The rows with the largest products, the chosen one among them, in their own order.
function largest(rows, chosen) {
  const order = rows.toSorted((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, ROWS - 1);
  if (chosen >= 0 && !order.includes(rows[chosen])) order[order.length - 1] = rows[chosen];
  return rows.filter((row) => order.includes(row));
}

// How a long vector is laid out: as the maps it was made of, where it was one image's maps; else nearly square.
function foldOf(op, label, length) {
  const made = inputOf(op, label)?.from;
  const shape = made?.lesson.name === "reshape" ? made.in.x?.shape : null;
  if (shape?.length === 4 && sizeOf(shape.slice(1)) === length) {
    const [channels, h, w] = shape.slice(1);
    const across = Math.ceil(Math.sqrt(channels * (h / w)));
    const [rows, columns] = [Math.ceil(channels / across) * h, across * w];
    return {
      rows, columns, split: { rows: h, columns: w },
      place: (k) => [Math.floor(Math.floor(k / (h * w)) / across) * h + Math.floor((k % (h * w)) / w), (Math.floor(k / (h * w)) % across) * w + (k % w)],
      number: (r, c) => {
        const channel = Math.floor(r / h) * across + Math.floor(c / w);
        return channel < channels ? channel * h * w + (r % h) * w + (c % w) : null;
      },
    };
  }
  const columns = length <= FEW ? 1 : length <= FEW * FEW ? FEW : foldWidth(length);
  return { rows: Math.ceil(length / columns), columns, place: (k) => [Math.floor(k / columns), k % columns], number: (r, c) => (r * columns + c < length ? r * columns + c : null) };
}

// A vector in its fold, as numbers or as a map: {get(k), hue, chosen, over(k), pick(k)}.
function folded(fold, { get, hue, chosen, over, pick: pickOne, top, frame, result = false, unit, split }) {
  const numberAt = (r, c) => (fold.number(r, c) === null ? undefined : get(fold.number(r, c)));
  const act = (f) => f && ((r, c) => fold.number(r, c) !== null && f(fold.number(r, c)));
  const shared = { rows: fold.rows, columns: fold.columns, get: numberAt, hue, frame: frame ?? hue, top, result, over: act(over), pick: act(pickOne) };
  const [row, column] = fold.place(chosen);
  if (fold.rows <= FEW && fold.columns <= FEW) return cells({ ...shared, unit, chosen: [row, column] });
  return map({ ...shared, split: fold.split, frames: [{ row, column, rows: 1, columns: 1 }] });
}
