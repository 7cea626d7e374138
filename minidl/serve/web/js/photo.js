// A picture from a file, a camera, the clipboard or another window; a large one is made smaller before it is sent.
import { cleared, run, state } from "./state.js";

const SIDE = 2048, SMALL = 2 << 20; // pixels; bytes of a file that is sent as it is

export async function take(file) {
  cleared();
  const shown = await createImageBitmap(file).catch(() => null);
  let content = file;
  if (shown && file.size > SMALL) content = await shrunk(shown);
  if (content.size > run.max_body_bytes * 0.7) {
    state.trouble = "large"; // base64 takes a third more
    return;
  }
  state.picture = { image: { base64: await base64(content) }, shown };
}

function shrunk(bitmap) {
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, bitmap.width * scale), Math.max(1, bitmap.height * scale)), brush = canvas.getContext("2d");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

async function base64(blob) {
  const content = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < content.length; i += 0x8000) text += String.fromCharCode(...content.subarray(i, i + 0x8000));
  return btoa(text);
}

export function example(number, pixels) {
  cleared();
  const shown = new OffscreenCanvas(28, 28), brush = shown.getContext("2d"), data = brush.createImageData(28, 28);
  const dark = state.theme === "dark";
  pixels.forEach((value, i) => data.data.set(dark ? [242, 239, 232, value] : [22, 25, 29, value], 4 * i));
  brush.putImageData(data, 0, 0);
  const rows = Array.from({ length: 28 }, (_, r) => Array.from(pixels.subarray(28 * r, 28 * r + 28)));
  state.picture = { image: { pixels: rows }, shown, example: number };
}
