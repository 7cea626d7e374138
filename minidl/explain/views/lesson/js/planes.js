// One plane of an array as rows and columns, and the figure that shows it with its chosen cell.

const LINE = 12; // longer vectors are folded
const FEW = 5; // planes up to so many rows and columns show their numbers

// {rows, columns, get(r, c), indexOf(r, c), place}: the plane of the last two axes in which `index` lies; a long
// vector is folded. indexOf is null beyond a folded vector's end.
function planeOf(array, index) {
  const shape = array.shape;
  const [height, width] = [shape.length > 1 ? shape.at(-2) : 1, shape.at(-1) ?? 1];
  const long = height === 1 ? width : width === 1 ? height : 0;
  const folded = long > LINE;
  const columns = folded ? foldWidth(long) : width;
  const rows = folded ? Math.ceil(long / columns) : height;
  const leading = index.slice(0, Math.max(0, shape.length - 2));
  const own = shape.length > 1 ? index.slice(-2) : [0, index[0] ?? 0];
  const full = (r, c) => (shape.length > 1 ? [...leading, r, c] : shape.length ? [c] : []);
  function indexOf_(r, c) {
    if (!folded) return full(r, c);
    const k = r * columns + c;
    return k >= long ? null : height === 1 ? full(0, k) : full(k, 0);
  }
  const flat = height === 1 ? own[1] : own[0];
  return {
    rows,
    columns,
    indexOf: indexOf_,
    get: (r, c) => {
      const found = indexOf_(r, c);
      return found === null ? undefined : at(array, found);
    },
    place: folded ? [Math.floor(flat / columns), flat % columns] : own,
  };
}

// A figure of one array: numbers where they are few, else a map with its chosen cell framed.
//   {op, label, array, index, hue, name, more, result, frame}; near: only so many rows and columns around the cell;
//   ring(index): whether to draw a ring; plain: a map in any case; frames: more frames on the map
function arrayFigure({ op, label, array, index, hue = "f", name = label, more = "", result = false, frame = hue, of = "", near, ring, plain = false, frames = [], class: classes }) {
  const whole = planeOf(array, index);
  const plane = near ? cutOut(whole, near) : whole;
  const cellAt = (r, c) => {
    const found = plane.indexOf(r, c);
    return found === null ? null : op.lesson.cell(op, label.startsWith("d") && !(label in op.in) ? label.slice(1) || "z" : label, found);
  };
  const shared = {
    rows: plane.rows,
    columns: plane.columns,
    get: plane.get,
    hue,
    frame,
    result,
    top: topOfArray(array),
    class: classes,
    ring: ring && ((r, c) => plane.indexOf(r, c) !== null && ring(plane.indexOf(r, c))),
    over: (r, c) => cellAt(r, c) && preview(op, cellAt(r, c)),
    pick: (r, c) => cellAt(r, c) && pick(op, cellAt(r, c)),
  };
  const leading = array.shape.length > 2 ? index.slice(0, -2) : [];
  const places = [more, leading.length && sizeOf(array.shape.slice(0, -2)) > 1 ? `[${leading.join(", ")}]` : ""];
  const few = !plain && plane.rows <= FEW && plane.columns <= FEW;
  const unit = unitOf(shared.top);
  const head = { name, hue: result ? "" : hue, more: [...places, few ? unit.words : ""].filter(Boolean).join(", "), of };
  if (few) return figure(head, cells({ ...shared, unit, chosen: plane.place }));
  const [row, column] = plane.place;
  return figure(head, map({ ...shared, frames: [...frames, { row, column, rows: 1, columns: 1 }] }));
}

// Rows and columns of a plane around its chosen cell, away from the edges where possible.
function cutOut(plane, near) {
  const [rows, columns] = [Math.min(near, plane.rows), Math.min(near, plane.columns)];
  const from = (place, size, length) => Math.max(0, Math.min(length - size, place - Math.floor(size / 2)));
  const [row, column] = [from(plane.place[0], rows, plane.rows), from(plane.place[1], columns, plane.columns)];
  return {
    rows,
    columns,
    first: [row, column],
    indexOf: (r, c) => plane.indexOf(row + r, column + c),
    get: (r, c) => plane.get(row + r, column + c),
    place: [plane.place[0] - row, plane.place[1] - column],
  };
}

const isSmall = (array, index) => {
  const { rows, columns } = planeOf(array, index);
  return rows <= 4 && columns <= 4;
};
