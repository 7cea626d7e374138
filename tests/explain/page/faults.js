// Every text on the screen that is outside the box it stands in, cut off at its side, or over another text; and the size
// of the smallest letters. The body of a function: it returns [faults, size].
const faults = [];
const boxes = [];
const root = document.scrollingElement;
if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) faults.push("the window scrolls");

const scrolls = (overflow) => ["auto", "scroll"].includes(overflow);
const short = (node) => node.textContent.trim().slice(0, 60);
const named = (box) => `<${box.tagName} ${box.className} ${box.id}>`;

// The rectangles of the words of a text, without the spaces that hang over the end of a line. Of a text in a drawing
// there is one: a range knows nothing of letters that are set narrower.
function wordsOf(node) {
  if (node.parentElement.ownerSVGElement) return [node.parentElement.getBoundingClientRect()];
  return [...node.textContent.matchAll(/\S+/g)].flatMap((word) => {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    return [...range.getClientRects()];
  });
}

// What of a rectangle can be seen through all the boxes around it; a box that it leaves is a fault.
function seenOf(rect, node, from) {
  const seen = { left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom };
  for (let box = from; box && box !== document.documentElement; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.display === "inline" || style.display === "contents") continue;
    const place = box.getBoundingClientRect();
    const ellipsis = style.textOverflow === "ellipsis";
    const beside = seen.right > place.right + 2 || seen.left < place.left - 2;
    if (ellipsis && box.scrollWidth > box.clientWidth + 1) faults.push(`cut off: ${short(node)}`);
    else if (!scrolls(style.overflowX) && !box.classList.contains("badge") && beside && seen.right > seen.left)
      faults.push(`outside ${named(box)}: ${short(node)}`);
    if (box.tagName === "SECTION" && !scrolls(style.overflowY) && seen.bottom > seen.top && seen.bottom > place.bottom + 4)
      faults.push(`below ${named(box)}: ${short(node)}`);
    if (style.overflowY === "visible") continue;
    const below = rect.bottom > place.bottom + 4 || rect.top < place.top - 4;
    if (!scrolls(style.overflowY) && box !== document.body && !ellipsis && below)
      faults.push(`cut at ${named(box)}: ${short(node)}`);
    seen.left = Math.max(seen.left, place.left);
    seen.right = Math.min(seen.right, place.right);
    seen.top = Math.max(seen.top, place.top);
    seen.bottom = Math.min(seen.bottom, place.bottom);
  }
  return seen;
}

const within = document.querySelector("dialog[open]") ?? document.body;
const bar = [...document.querySelectorAll("body > footer")].find((box) => getComputedStyle(box).position === "sticky"); // it lies over what scrolls
const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const parent = node.parentElement;
  if (!node.textContent.trim() || ["SCRIPT", "STYLE", "TEXTAREA"].includes(parent.tagName)) continue;
  if (!parent.checkVisibility() || bar?.contains(parent)) continue;
  const math = parent.closest("math");
  for (const rect of math ? [math.getBoundingClientRect()] : wordsOf(node)) {
    if (rect.width < 1) continue;
    const seen = seenOf(rect, node, math?.parentElement ?? parent);
    const margin = rect.height * 0.2; // letters are smaller than the height of their line
    const top = Math.max(seen.top, rect.top + margin);
    const bottom = Math.min(seen.bottom, rect.bottom - margin);
    if (bottom - top > 1 && seen.right - seen.left > 1) boxes.push({ ...seen, top, bottom, node, math });
  }
}

boxes.sort((a, b) => a.top - b.top);
boxes.forEach((a, i) => {
  for (const b of boxes.slice(i + 1)) {
    if (b.top >= a.bottom - 1) break;
    const same = a.node === b.node || (a.math && a.math === b.math);
    const shared = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    if (!same && shared > 2) faults.push(`over each other: ${short(a.node)} | ${short(b.node)}`);
  }
});

const letters = boxes.filter((box) => !box.math).map((box) => box.node.parentElement);
const scaleOf = (element) => (element.ownerSVGElement ? element.getScreenCTM().a : 1); // drawings have their own units
const sizes = letters.map((element) => parseFloat(getComputedStyle(element).fontSize) * scaleOf(element));
return [[...new Set(faults)].slice(0, 8), Math.min(...sizes)];
