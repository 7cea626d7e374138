// The strip: the network as its own feature maps, the current operation framed, and how far values and gradients are.

const STAGES = 10; // shown at once

function drawStrip() {
  const stages = stagesOf();
  const screen = here();
  const now = stages.findIndex((stage) => stage.op === screen.op && screen.op);
  const first = stages.length <= STAGES ? 0 : Math.max(0, Math.min(now - 4, stages.length - STAGES));
  const shown = stages.slice(first, first + STAGES);
  const parts = shown.flatMap((stage, k) => {
    const place = first + k;
    const flow = place ? make("span", { class: `flow ${flowOf(place, now, screen) || "waiting"}`, "aria-hidden": "true" }) : null;
    return [flow, stageButton(stage, place === now || (screen.kind === "update" && stage.op && stage.op.inputs.some((input) => input.leaf && input.grad)))];
  });
  const more = (text) => make("span", { class: "more", "aria-hidden": "true" }, text);
  refill(
    byId("foot"),
    button("‹", () => step(-1), { class: "turn", "aria-label": say("app.previous"), "data-key": "previous", disabled: state.screen === 0 }),
    make("div", { class: "strip" }, first ? more("…") : null, ...parts.filter(Boolean), first + STAGES < stages.length ? more("…") : null),
    button("›", () => step(1), { class: "turn", "aria-label": say("app.next"), "data-key": "next", disabled: state.screen === SCREENS.length - 1 }),
  );
  drawThumbs();
}

// The input, then every operation that changes numbers.
function stagesOf() {
  const given = OPS.flatMap((op) => op.inputs).find((input) => !input.from && input.array?.shape.length);
  const first = given && !given.leaf?.includes(".") ? [{ array: given.array, text: say("app.input") }] : [];
  return [...first, ...OPS.map((op) => ({ op, array: firstOutput(op), text: shortName(op) }))];
}

const firstOutput = (op) => op.outs?.[0] ?? op.z;

function flowOf(place, now, screen) {
  if (screen.kind === "update") return "b";
  if (screen.kind !== "op") return "f";
  if (screen.part.phase === "backward") return place > now ? "b" : "f";
  return place <= now ? "f" : "";
}

function stageButton(stage, current) {
  const go = () => {
    if (!stage.op) return goTo(screenNamed("overview"));
    const backward = here().part?.phase === "backward" && stage.op.dz;
    const parts = stage.op.lesson.parts(stage.op);
    goTo(screenOf(stage.op, (backward && parts.find((part) => part.phase === "backward")?.id) || "z"));
  };
  const attributes = { class: `stage ${current ? "here" : ""}`, "aria-current": current ? "true" : null };
  return filled(
    button("", go, { ...attributes, "data-key": `stage-${stage.op?.id ?? "input"}` }),
    thumb(stage.array, "f", 2.9),
    make("span", {}, stage.text),
  );
}

const filled = (element, ...children) => (element.append(...children.filter(Boolean)), element);

// A small picture of an array: maps in a mosaic, bars for a few numbers, the number itself.
const thumbs = [];
function thumb(array, hue, height, most_ = 7.4) {
  const shape = array.shape;
  if (sizeOf(shape) === 1) return make("b", { class: `num ${hue} one` }, short(array.numbers[0]));
  const canvas = make("canvas", { "aria-hidden": "true" });
  thumbs.push([canvas, array, hue, height, most_]);
  return make("span", { class: "maps" }, canvas);
}

function drawThumbs() {
  for (const [canvas, array, hue, height, wide] of thumbs.splice(0)) if (canvas.isConnected) paintThumb(canvas, array, hue, height, wide);
}

function paintThumb(canvas, array, hue, height, wide) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const ratio = devicePixelRatio || 1;
  const shape = array.shape;
  const pen = canvas.getContext("2d");
  const size = (w, h) => {
    Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
    styled(canvas, { width: `${w}px`, height: `${h}px` });
  };
  if (shape.length < 3) {
    const row = array.numbers.slice(0, shape.at(-1));
    if (row.length <= 40) return paintBars(pen, row, hue, Math.min(wide, Math.max(2, row.length * 0.44)) * rem, height * rem, size, ratio);
  }
  const channels = shape.length >= 3 ? Math.min(20, shape.at(-3)) : 1;
  const fold = shape.length >= 3 ? null : foldWidth(shape.length < 2 ? shape[0] : sizeOf(shape));
  const [rows, columns] = fold ? [Math.ceil(array.numbers.length / fold), fold] : shape.slice(-2);
  const across = channels === 1 ? 1 : channels <= 10 ? Math.ceil(channels / 2) : 10;
  const down = Math.ceil(channels / across);
  const gap = 1.5 / 16;
  const each = Math.min((height - gap * (down - 1)) / down / rows, (wide - gap * (across - 1)) / across / columns) * rem;
  const [w, h] = [each * columns, each * rows];
  size(across * w + (across - 1) * gap * rem, down * h + (down - 1) * gap * rem);
  const inks = [rgb(colour("--band")), rgb(colour(`--${hue}`)), rgb(colour("--muted"))];
  const top = topOfArray(array);
  const image = pen.createImageData(canvas.width, canvas.height);
  const rowAt = placesAlong(canvas.height, ratio, h, gap * rem, each, rows, down);
  const columnAt = placesAlong(canvas.width, ratio, w, gap * rem, each, columns, across);
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const c = rowAt.map_[y] * across + columnAt.map_[x];
      if (rowAt.map_[y] < 0 || columnAt.map_[x] < 0 || c >= channels) continue;
      const v = array.numbers[(c * rows + rowAt.cell[y]) * columns + columnAt.cell[x]];
      if (v === undefined) continue;
      const share = v ? Math.min(1, (Math.abs(v) / top) ** 0.7 * (v < 0 ? 0.45 : 1.15)) : 0;
      const to = inks[v < 0 ? 2 : 1];
      const place = 4 * (y * canvas.width + x);
      for (let part = 0; part < 3; part++) image.data[place + part] = inks[0][part] + (to[part] - inks[0][part]) * share;
      image.data[place + 3] = 255;
    }
  }
  pen.putImageData(image, 0, 0);
}

// Along one side of a mosaic: which map, and which of its cells, lies at each pixel; -1 in a gap.
function placesAlong(pixels, ratio, length, gap, each, count, maps) {
  const [map_, cell] = [new Int32Array(pixels).fill(-1), new Int32Array(pixels)];
  for (let p = 0; p < pixels; p++) {
    const place = (p + 0.5) / ratio;
    const k = Math.min(maps - 1, Math.floor(place / (length + gap)));
    if (place - k * (length + gap) > length) continue;
    map_[p] = k;
    cell[p] = Math.min(count - 1, Math.floor((place - k * (length + gap)) / each));
  }
  return { map_, cell };
}

function paintBars(pen, row, hue, width, height, size, ratio) {
  size(width, height);
  pen.scale(ratio, ratio);
  const top = topOf(row);
  const below = row.some((v) => v < 0);
  const base = below ? height / 2 : height;
  row.forEach((v, k) => {
    const tall = Math.max(1, (Math.abs(v) / top) * (below ? height / 2 : height) * 0.96);
    pen.fillStyle = colour(`--${hue}`);
    pen.fillRect((k * width) / row.length + 0.5, v > 0 ? base - tall : base, Math.max(1, width / row.length - 1.5), tall);
  });
}
