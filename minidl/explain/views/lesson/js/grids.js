// Grids of cells with numbers: filled is positive, hollow is negative; hue says who made them.

// cells({rows, columns, get, hue, top, unit, chosen, place, pick, ...}): a grid of numbers.
//   get(i, j)      the number, undefined for none           hue      "f", "b" or "r"
//   top            the largest magnitude, for the shades    unit     from unitOf; or digits
//   chosen         [i, j], or a function (i, j) => bool     padding  (i, j) => whether it lies outside the array
//   over(i, j)     the mouse is over a cell                 pick(i, j)  a cell was clicked
//   result         hidden while the class guesses           corner   mark the first cell
//   ring(i, j)     draw a ring: the winner                  names    {rows, columns}: labels along the sides
function cells(given) {
  const { rows, columns, get, hue = "f", chosen, padding = () => false, result = false, ring = () => false } = given;
  const numbers = [];
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) numbers.push(get(i, j));
  const top = given.top ?? topOf(numbers);
  const unit = given.unit ?? unitOf(top);
  const isChosen = typeof chosen === "function" ? chosen : (i, j) => chosen && chosen[0] === i && chosen[1] === j;
  const grid = styled(make("div", { class: `grid ${given.frame ?? hue} ${given.class ?? ""}`, role: "img", "aria-label": given.says ?? say("app.grid", { rows, columns }) }), {
    "--columns": columns,
    "--across": Math.max(given.across ?? 0, rows, columns),
  });
  numbers.forEach((v, k) => {
    const [i, j] = [Math.floor(k / columns), k % columns];
    const outside = padding(i, j);
    const hidden = result && isGuessing();
    const cell = make("div", { class: "cell", "data-i": i, "data-j": j }, make("span", {}, ...(hidden ? ["?"] : cellText(v, unit))));
    if (isChosen(i, j)) cell.classList.add("on");
    if (ring(i, j)) cell.classList.add("ring");
    if (given.corner && !i && !j) cell.classList.add("corner");
    if (outside) cell.classList.add("pad");
    else if (!hidden) shade(cell, v, top, hue);
    grid.append(cell);
  });
  touch(grid, given, (event) => {
    const cell = event.target.closest(".cell");
    return cell ? [Number(cell.dataset.i), Number(cell.dataset.j)] : null;
  });
  return grid;
}

// The number of a cell; its leading zero by itself, as narrow cells leave it out.
function cellText(v, unit) {
  if (v === undefined) return [];
  const text = fixed(v * unit.scale, unit.digits);
  const [, minus, rest] = /^(\D?)0(\..*)$/.exec(text) ?? [];
  return rest ? [minus, make("span", { class: "z0" }, "0"), rest] : [text];
}

// The shade of a number: a class and a depth, from which the style sheet mixes the colour.
function shade(cell, v, top, hue) {
  if (v === 0 || v === undefined || Number.isNaN(v)) return cell.classList.add("zero");
  const depth = Math.min(1, Math.abs(v) / top);
  cell.classList.add(v > 0 ? "full" : "hollow", `hue-${hue === "r" ? "b" : hue}`);
  if (v > 0) {
    const share = 0.06 + 0.86 * depth ** 0.8;
    styled(cell, { "--share": `${(100 * share).toFixed(1)}%` });
    cell.classList.toggle("deep", share > 0.62);
  } else styled(cell, { "--edge": (0.03 + 0.165 * depth).toFixed(3), "--share": `${(25 + 75 * depth).toFixed(1)}%` });
}

// Mouse and finger on a grid or a map: over previews a cell, a click chooses it, a click on the chosen one follows it.
function touch(element, { over, pick: chosen }, placeOf) {
  let last = "";
  if (over) {
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const place = placeOf(event);
      if (!place || String(place) === last) return;
      last = String(place);
      over(...place);
    });
  }
  if (chosen) {
    element.classList.add("touch");
    element.addEventListener("click", (event) => {
      const place = placeOf(event);
      if (place) chosen(...place);
    });
  }
}

const legend = () =>
  make(
    "div",
    { class: "key" },
    make("span", {}, make("i", { class: "full" }), say("app.positive")),
    make("span", {}, make("i"), say("app.negative")),
  );
