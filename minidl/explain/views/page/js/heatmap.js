// Heat maps: blue below zero, orange above; an exact zero, a NaN and an infinity have signs of their own.

const RAMPS = {
  light: {
    negative: [
      [246, 244, 238],
      [107, 174, 214],
      [8, 58, 122],
    ],
    positive: [
      [246, 244, 238],
      [253, 164, 84],
      [140, 45, 4],
    ],
    dot: "#8b8778",
    alarm: "#ffd21f",
    sign: "#1a1d21",
    rule: "#ffffff",
    lit: "#1a1d21",
    halo: "#ffffff",
  },
  dark: {
    negative: [
      [40, 45, 50],
      [44, 110, 172],
      [176, 217, 255],
    ],
    positive: [
      [40, 45, 50],
      [190, 92, 20],
      [255, 214, 165],
    ],
    dot: "#8f969e",
    alarm: "#ffd21f",
    sign: "#14171a",
    rule: "#1c2024",
    lit: "#ffffff",
    halo: "#14171a",
  },
};

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function ramps() {
  return RAMPS[isDark() ? "dark" : "light"];
}

// The colour of a number on a scale from -reach to reach.
function colourOf(x, reach, colours = ramps()) {
  const ramp = x < 0 ? colours.negative : colours.positive;
  const share = reach > 0 ? Math.min(1, Math.abs(x) / reach) * (ramp.length - 1) : 0;
  const low = Math.min(Math.floor(share), ramp.length - 2);
  const mixed = ramp[low].map((c, k) => Math.round(c + (share - low) * (ramp[low + 1][k] - c)));
  return `rgb(${mixed.join(",")})`;
}

// The side of a cell in CSS pixels: as large as the box allows, within reason.
function cellSide(layout, width, height) {
  const side = Math.min(width / layout.columns, height / layout.rows, 44);
  return Math.max(side >= 2 ? Math.floor(side) : side, 2);
}

// Draw one plane. `lit` holds "row,column" of the cells that take part in a sum; `chosen` is {row, column}.
function drawMap(canvas, array, layout, plane, { width, height, lit = null, chosen = null }) {
  const side = Math.min(cellSide(layout, width, height), Math.max(1, width / layout.columns));
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(layout.columns * side * ratio);
  canvas.height = Math.round(layout.rows * side * ratio);
  canvas.style.width = `${layout.columns * side}px`;
  canvas.style.height = `${layout.rows * side}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const scale = reach(array);
  for (let row = 0; row < layout.rows; row++)
    for (let column = 0; column < layout.columns; column++) {
      const index = layout.indexOf(plane, row, column);
      if (index === null) continue;
      const faded = lit !== null && !lit.has(`${row},${column}`);
      drawCell(pen, at(array, index), scale, column * side, row * side, side, faded);
    }
  if (lit !== null) outlineCells(pen, lit, side);
  if (chosen) outlineCell(pen, chosen, side);
  return side;
}

function drawCell(pen, x, scale, left, top, side, faded) {
  const colours = ramps();
  const gap = side >= 6 ? 1 : 0;
  const inner = side - gap;
  pen.globalAlpha = faded ? 0.35 : 1;
  if (x === undefined) hatch(pen, left, top, inner, colours.dot);
  else if (!Number.isFinite(x)) drawSign(pen, x, left, top, inner, colours);
  else {
    pen.fillStyle = colourOf(x, scale, colours);
    pen.fillRect(left, top, inner, inner);
    if (x === 0 && side >= 4) dot(pen, left, top, inner, colours.dot);
  }
  pen.globalAlpha = 1;
}

function dot(pen, left, top, side, colour) {
  const size = Math.max(1, Math.round(side / 6));
  pen.fillStyle = colour;
  pen.fillRect(left + (side - size) / 2, top + (side - size) / 2, size, size);
}

// NaN is a cross, an infinity a triangle that points up or down, on the colour of an alarm.
function drawSign(pen, x, left, top, side, colours) {
  pen.fillStyle = colours.alarm;
  pen.fillRect(left, top, side, side);
  pen.strokeStyle = pen.fillStyle = colours.sign;
  pen.lineWidth = Math.max(1, side / 10);
  const [near, far] = [side * 0.25, side * 0.75];
  pen.beginPath();
  if (Number.isNaN(x)) {
    pen.moveTo(left + near, top + near);
    pen.lineTo(left + far, top + far);
    pen.moveTo(left + far, top + near);
    pen.lineTo(left + near, top + far);
    pen.stroke();
  } else {
    const [tip, base] = x > 0 ? [near, far] : [far, near];
    pen.moveTo(left + side / 2, top + tip);
    pen.lineTo(left + far, top + base);
    pen.lineTo(left + near, top + base);
    pen.fill();
  }
}

function hatch(pen, left, top, side, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(left, top + side);
  pen.lineTo(left + side, top);
  pen.stroke();
}

// The outline of one cell, in two tones so that it is seen on any colour.
function outlineCell(pen, { row, column }, side) {
  const thick = Math.max(2, side / 8);
  for (const [colour, width] of [
    [ramps().halo, thick + 2],
    [ramps().lit, thick],
  ]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.strokeRect(column * side, row * side, side, side);
  }
}

// The outline of a set of cells: an edge wherever the neighbour is not one of them.
function outlineCells(pen, lit, side) {
  const edges = new Path2D();
  for (const key of lit) {
    const [row, column] = key.split(",").map(Number);
    const [left, top, right, bottom] = [column * side, row * side, (column + 1) * side, (row + 1) * side];
    const sides = [
      [row - 1, column, left, top, right, top],
      [row + 1, column, left, bottom, right, bottom],
      [row, column - 1, left, top, left, bottom],
      [row, column + 1, right, top, right, bottom],
    ];
    for (const [r, c, x0, y0, x1, y1] of sides) {
      if (lit.has(`${r},${c}`)) continue;
      edges.moveTo(x0, y0);
      edges.lineTo(x1, y1);
    }
  }
  for (const [colour, width] of [
    [ramps().halo, 4],
    [ramps().lit, 2],
  ]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke(edges);
  }
}

// The legend: the scale with its numbers, and the signs that occur.
function legendOf(array) {
  const top = reach(array);
  const bar = make("canvas", { class: "scale", width: 200, height: 12, role: "img", "aria-label": t("map.scale") });
  const pen = bar.getContext("2d");
  for (let i = 0; i < 200; i++) {
    pen.fillStyle = colourOf(((i - 100) / 100) * top, top);
    pen.fillRect(i, 0, 1, 12);
  }
  const signs = [
    array.zeros > 0 && signOf(0, t("map.zero")),
    array.nans > 0 && signOf(NaN, t("map.nan")),
    array.infs > 0 && signOf(Infinity, t("map.inf")),
  ];
  const ends = [-top, 0, top].map((x) => make("span", {}, formatNumber(x)));
  return make(
    "div",
    { class: "legend" },
    make("div", { class: "ramp" }, bar, make("div", { class: "ends" }, ...ends)),
    make("div", { class: "signs" }, ...signs),
  );
}

function signOf(x, text) {
  const canvas = make("canvas", { width: 28, height: 28, class: "sign", "aria-hidden": "true" });
  const pen = canvas.getContext("2d");
  drawCell(pen, x, 1, 0, 0, 28, false);
  return make("span", { class: "sign-label" }, canvas, text);
}
