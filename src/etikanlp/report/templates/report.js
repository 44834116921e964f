"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // one officer at a time, named by the hash; everything else is the overview
  const title = document.title;
  let open = null;
  let left = 0; // where the overview was when it was left
  function route() {
    const goal = byId(decodeURIComponent(location.hash.slice(1)));
    const page = goal && goal.closest(".officer");
    if (open) open.classList.remove("open");
    root.classList.toggle("one", Boolean(page));
    if (page) {
      page.classList.add("open");
      const name = page.querySelector(".name");
      document.title = `${name.textContent} · ${title}`;
      name.focus({ preventScroll: true });
      scrollTo(0, 0);
    } else {
      document.title = title;
      if (open && (!goal || goal.id === "officers")) scrollTo(0, left);
      else if (goal) goal.scrollIntoView();
      if (open) (all(`#overview a[href="#${open.id}"]`).pop() || document.body).focus({ preventScroll: true });
    }
    open = page;
  }
  addEventListener("click", (event) => {
    if (!open && event.target.closest("a[href^='#officer-']")) left = scrollY;
  });
  addEventListener("hashchange", route);
  route();

  const table = byId("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const collator = new Intl.Collator(root.lang, { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.firstChild.textContent.trim();
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
  all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = `${table.dataset.sort} ${head.textContent}`;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.classList.contains("num") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      all("thead th", table).forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        // those with too few interactions are never ranked: they stay below
        const few = a.classList.contains("few") - b.classList.contains("few");
        return few * (head.classList.contains("num") ? 1 : 0) || sign * compare(key(a, column), key(b, column));
      });
      body.append(...rows);
    });
  });

  const find = byId("find");
  const unit = byId("in-unit");
  const which = byId("which");
  const shown = byId("shown");
  function filter() {
    const wanted = find.value.trim().toLocaleLowerCase(root.lang);
    let count = 0;
    for (const row of rows) {
      const names = [key(row, 0), row.cells[1].textContent];
      row.hidden = !(
        names.some((name) => name.toLocaleLowerCase(root.lang).includes(wanted)) &&
        (!unit.value || names[1] === unit.value) &&
        (!which.value || row.classList.contains(which.value))
      );
      count += !row.hidden;
    }
    shown.textContent = shown.dataset.text.replace("{n}", count).replace("{all}", rows.length);
  }
  const form = find.form;
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
