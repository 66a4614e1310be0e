// Typing or scanning the lines of an order: items are suggested with what the branch has of them, Enter leads on, and
// the last line is always empty.
(() => {
  const form = document.querySelector("[data-order-form]");
  if (!form) return;
  const list = document.getElementById("suggestions");
  const branch = form.querySelector("[name=branch]:not([type=hidden])");
  const lines = () => [...form.querySelectorAll(".order-line")];
  let asked = null;

  const suggest = async (text) => {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ q: text, branch: branch.value });
    const answer = await fetch(`/orders/suggest/?${query}`, { signal: asked.signal });
    return answer.ok ? answer.json() : [];
  };

  const lineOf = (element) => element.closest(".order-line");
  const note = (line, text) => { line.querySelector(".line-note").textContent = text; };

  // A new empty line is a copy of the last with other labels.
  const grow = () => {
    const all = lines();
    const last = all.at(-1);
    if (!last.querySelector("[name=item]").value) return;
    const line = last.cloneNode(true);
    const number = all.length + 1;
    for (const input of line.querySelectorAll("input")) {
      input.value = "";
      input.classList.remove("is-invalid");
      input.removeAttribute("aria-invalid");
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, number));
    }
    line.querySelector(".line-note").id = `line-${number}`;
    line.querySelector("[name=item]").setAttribute("aria-describedby", `line-${number}`);
    note(line, "");
    last.after(line);
  };

  form.addEventListener("input", async (event) => {
    if (event.target.name !== "item") return;
    const text = event.target.value.trim();
    grow();
    if (text.length < 2) return;
    try {
      const found = await suggest(text);
      list.replaceChildren(...found.map((item) => new Option(`${item.name} · ${item.available}`, item.sku)));
      const exact = found.find((item) => item.sku === text || item.barcode === text);
      note(lineOf(event.target), exact ? `${exact.name} · ${exact.available}` : "");
    } catch { /* Without suggestions the line is read when the form is sent. */ }
  });

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !["item", "quantity"].includes(event.target.name)) return;
    // A scanner ends what it reads with Enter.
    event.preventDefault();
    const line = lineOf(event.target);
    if (event.target.name === "item") {
      const quantity = line.querySelector("[name=quantity]");
      quantity.value ||= "1";
      quantity.focus();
      quantity.select();
    } else {
      grow();
      const all = lines();
      all[all.indexOf(line) + 1]?.querySelector("[name=item]").focus();
    }
  });
})();
