// Finding and making elements; no markup is ever built from text.
export const one = (css) => document.querySelector(css);
export const all = (css) => [...document.querySelectorAll(css)];

export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// A colour of the style sheet; they are asked for once for each theme.
const colors = {};
export function color(name) {
  const key = `${document.documentElement.dataset.theme} ${name}`;
  return (colors[key] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
}

// A canvas of as many pixels as the screen shows of it.
export function fitted(canvas, width, height) {
  const scale = devicePixelRatio || 1, w = Math.max(1, Math.round(width * scale)), h = Math.max(1, Math.round(height * scale));
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const brush = canvas.getContext("2d");
  brush.clearRect(0, 0, w, h);
  return brush;
}

export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
export const bytes = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
