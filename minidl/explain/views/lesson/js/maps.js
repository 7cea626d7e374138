// Maps: many cells without numbers, on a canvas that is drawn when it stands on the page.

const waiting = []; // canvases of this picture, with how they are drawn

// map({rows, columns, get, hue, top, frames, padding, over, pick, ...}): a canvas.
//   frames     [{row, column, rows, columns, hue}] drawn over the cells
//   padding    (r, c) => whether it lies outside the array      painted   cells from here on are faint
//   split      {rows, columns}: lines after so many cells: a mosaic of channels
function map(given) {
  const { rows, columns } = given;
  const says = given.says ?? say("app.map", { rows, columns });
  const canvas = styled(make("canvas", { class: `map ${given.frame ?? given.hue ?? "f"} ${given.class ?? ""}`, role: "img", "aria-label": says }), {
    "--ratio": columns / rows,
    "aspect-ratio": `${columns} / ${rows}`,
  });
  touch(canvas, given, (event) => {
    const box = canvas.getBoundingClientRect();
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    return r >= 0 && c >= 0 && r < rows && c < columns ? [r, c] : null;
  });
  waiting.push([canvas, given]);
  return canvas;
}

function drawMaps() {
  for (const [canvas, given] of waiting.splice(0)) if (canvas.isConnected) paintMap(canvas, given);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function paintMap(canvas, { rows, columns, get, hue = "f", top, frames = [], padding, painted, split, result }) {
  const ratio = devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round((width * rows) / columns));
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  const inks = { panel: rgb(colour("--panel")), band: colour("--band"), ink: colour("--ink"), hue: rgb(colour(hue === "r" ? "--b" : `--${hue}`)) };
  const x = (c) => Math.round((c * width) / columns);
  const y = (r) => Math.round((r * height) / rows);
  pen.fillStyle = mixed(inks.panel, inks.panel, 0);
  pen.fillRect(0, 0, width, height);
  const hidden = result && isGuessing();
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const [left, upper, across, down] = [x(c), y(r), x(c + 1) - x(c), y(r + 1) - y(r)];
      if (padding?.(r, c)) {
        pen.fillStyle = inks.band;
        pen.fillRect(left, upper, across, down);
        continue;
      }
      const v = hidden ? 0 : get(r, c);
      if (!v) continue;
      const faint = painted !== undefined && r * columns + c > painted ? 0.13 : 1;
      pen.fillStyle = mixed(inks.panel, inks.hue, Math.min(1, Math.abs(v) / top) ** 0.7 * faint);
      pen.fillRect(left, upper, across, down);
      if (v < 0 && across > 2) {
        const edge = Math.max(1, Math.round(across * 0.26));
        pen.fillStyle = mixed(inks.panel, inks.panel, 0);
        pen.fillRect(left + edge, upper + edge, across - 2 * edge, down - 2 * edge);
      }
    }
  }
  const line = Math.max(2, Math.round(0.19 * parseFloat(getComputedStyle(document.documentElement).fontSize) * ratio));
  if (split) {
    pen.fillStyle = inks.band;
    for (let r = split.rows; r < rows; r += split.rows) pen.fillRect(0, y(r) - 1, width, 2);
    for (let c = split.columns; c < columns; c += split.columns) pen.fillRect(x(c) - 1, 0, 2, height);
  }
  for (const frame of frames) {
    const box = [x(frame.column), y(frame.row), x(frame.column + frame.columns) - x(frame.column), y(frame.row + frame.rows) - y(frame.row)];
    for (const [thick, stroke] of [[line + 2 * ratio, mixed(inks.panel, inks.panel, 0)], [line, frame.hue ? colour(frame.hue) : inks.ink]]) {
      Object.assign(pen, { lineWidth: thick, strokeStyle: stroke });
      pen.strokeRect(...box);
    }
  }
}

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
const mixed = (from, to, share) => `rgb(${from.map((v, k) => Math.round(v + (to[k] - v) * share)).join()})`;
