// Layers as pictures: values of 8 bits with a sign to teal on paper, one scale for all maps of a layer.
import { bytes, color } from "./dom.js";
import { known, run, state } from "./state.js";

export const stages = () => [{ name: null, shape: [28, 28] }, ...run.stages];

// The values of a stage of the network, or null before an answer; 0 is the digit itself.
export function values(stage) {
  const answer = known();
  if (!answer) return null;
  if (!stage) return answer.pixels.flat();
  const layer = answer.layers?.[stage - 1];
  if (!layer) return null;
  layer.numbers ??= new Int8Array(bytes(layer.values).buffer);
  return layer.numbers;
}

const rgb = (name) => {
  const hex = color(name);
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
};

// One map of h x w values as a canvas; above 0 towards teal, below 0 towards gray.
export function picture(numbers, from, h, w, most) {
  const canvas = new OffscreenCanvas(w, h), brush = canvas.getContext("2d"), data = brush.createImageData(w, h);
  const paper = rgb("track"), up = rgb("forward"), down = rgb("muted");
  for (let i = 0; i < h * w; i++) {
    const value = numbers ? numbers[from + i] / most : 0, share = Math.min(1, Math.abs(value)) ** 0.45, end = value < 0 ? down : up;
    for (let k = 0; k < 3; k++) data.data[4 * i + k] = paper[k] + (end[k] - paper[k]) * share;
    data.data[4 * i + 3] = 255;
  }
  brush.putImageData(data, 0, 0);
  return canvas;
}

export const largest = (numbers) => (numbers ? numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 1) : 1);

// The maps of a stage in rows of `columns`, each `side` wide with a gap, from (x, y) on.
export function grid(brush, stage, columns, side, gap, x = 0, y = 0) {
  const { shape, shown } = stages()[stage], numbers = values(stage), most = largest(numbers), [, h, w] = shape;
  brush.imageSmoothingEnabled = false;
  for (let i = 0; i < shown; i++)
    brush.drawImage(picture(numbers, i * h * w, h, w, most), x + (i % columns) * (side + gap), y + Math.floor(i / columns) * (side + gap), side, side);
}

// Values as bars around 0: filled above, hollow below; `best` in the answer's colour.
export function columns(brush, numbers, width, height, best = -1, gap = 1) {
  const high = Math.max(...numbers, 1e-9), low = Math.min(...numbers, 0), zero = (height * high) / (high - low), each = width / numbers.length;
  const line = Math.max(1, devicePixelRatio || 1);
  numbers.forEach((value, i) => {
    const x = Math.round(i * each) + gap, w = Math.max(1, Math.round((i + 1) * each) - Math.round(i * each) - gap), h = (Math.abs(value) / (high - low)) * height;
    brush.fillStyle = brush.strokeStyle = color(i === best ? "answer" : "forward");
    if (value >= 0) brush.fillRect(x, zero - h, w, h);
    else if (w > 3 * line) {
      brush.lineWidth = line;
      brush.strokeRect(x + line / 2, zero + line / 2, w - line, Math.max(1, h - line));
    } else brush.fillRect(x, zero + h - line, w, line);
  });
  brush.fillStyle = color("control");
  brush.fillRect(0, Math.min(height - line, Math.round(zero)), width, line);
}

export const isMap = (stage) => stages()[stage].shape.length === 3;
export const best = () => (["sure", "unsure"].includes(state.answer?.state) ? run.classes.indexOf(state.answer.answer) : -1);
