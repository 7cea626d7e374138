// What the theme leaves to readers with a mouse: code that is wider than the page can be scrolled by keyboard, and
// the two asides have names of their own.
document.addEventListener("DOMContentLoaded", () => {
  for (const code of document.querySelectorAll("pre, .table-wrapper")) code.tabIndex = 0;
  const name = { en: ["Pages", "On this page"], ko: ["페이지 목록", "이 페이지의 차례"] }[document.documentElement.lang];
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", name[0]);
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", name[1]);
});
