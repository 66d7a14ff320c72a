// The views of the course follow JupyterLab's mark for light and dark; here the theme's own mark stands for it.
const showTheme = () => { document.body.dataset.jpThemeLight = String(document.documentElement.dataset.theme !== "dark"); };
const ready = () => {
  showTheme();
  new MutationObserver(showTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  for (const details of document.querySelectorAll(".tag_long details")) details.open = true; // long code can be folded, imports are
  for (const summary of document.querySelectorAll("nav li > details > summary")) summary.setAttribute("aria-label", `Pages of ${summary.closest("li").querySelector("a").textContent}`);
  for (const head of document.querySelectorAll("thead th")) if (!head.textContent.trim()) head.replaceWith(document.createElement("td")); // a corner heads nothing
  // What is wider than the page can be scrolled by keyboard.
  const reach = () => {
    for (const box of document.querySelectorAll(".formula")) box.scrollWidth > box.clientWidth ? (box.tabIndex = 0) : box.removeAttribute("tabindex");
  };
  addEventListener("resize", reach);
  reach();
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready); else ready();
