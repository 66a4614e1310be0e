// Typing or scanning the lines of an order: items are suggested with what the branch has of them, Enter leads on, and
// the last line is always empty. Scanners end what they read with Enter or Tab, and type far faster than people: a scan is
// always an item, wherever the focus is, and the next scan is the next line.
(() => {
  const form = document.querySelector("[data-order-form]");
  if (!form) return;
  const list = document.getElementById("suggestions");
  const branch = form.querySelector("[name=branch]:not([type=hidden])");
  const lines = () => [...form.querySelectorAll(".order-line:not(.order-head)")];
  const itemOf = (line) => line.querySelector("[name=item]");
  const quantityOf = (line) => line.querySelector("[name=quantity]");
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
    if (!itemOf(last).value) return;
    const line = last.cloneNode(true);
    const number = all.length + 1;
    for (const input of line.querySelectorAll("input")) {
      input.value = "";
      input.classList.remove("is-invalid");
      input.removeAttribute("aria-invalid");
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, number));
    }
    line.querySelector(".line-note").id = `line-${number}`;
    itemOf(line).setAttribute("aria-describedby", `line-${number}`);
    note(line, "");
    last.after(line);
  };

  /** The item that was entered in a line is one, or one more of a line that has it; the next empty line is next. */
  const enter = (line) => {
    const text = itemOf(line).value.trim();
    const same = lines().find((other) => other !== line && itemOf(other).value.trim() === text);
    if (same && /^\d{0,6}$/.test(quantityOf(same).value.trim())) {
      quantityOf(same).value = String(Number(quantityOf(same).value) + Number(quantityOf(line).value || 1));
      itemOf(line).value = quantityOf(line).value = "";
      note(line, "");
    } else {
      quantityOf(line).value ||= "1";
    }
    grow();
    const all = lines();
    const next = all.slice(all.indexOf(line)).find((other) => !itemOf(other).value) ?? all.at(-1);
    itemOf(next).focus();
  };

  form.addEventListener("input", async (event) => {
    if (event.target.name !== "item") return;
    const text = event.target.value.trim();
    grow();
    if (text.length < 2) return;
    try {
      const found = await suggest(text);
      list.replaceChildren(...found.map((item) => new Option(`${item.name} · ${item.available}`, item.sku)));
      const [exact] = found;
      note(lineOf(event.target), exact?.is_code ? `${exact.name} · ${exact.available}` : "");
    } catch { /* Without suggestions the line is read when the form is sent. */ }
  });

  // How many letters came at the speed of a scanner since the field was entered or a person typed.
  const FAST = 50;
  let [fast, last] = [0, 0];

  form.addEventListener("focusin", (event) => {
    fast = 0;
    if (event.target.name !== "quantity") return;
    event.target.dataset.before = event.target.value;
    event.target.select();
  });

  form.addEventListener("keydown", (event) => {
    if (!["item", "quantity"].includes(event.target.name) || event.isComposing) return;
    if (event.key.length === 1) {
      fast = event.timeStamp - last < FAST ? fast + 1 : 1;
      last = event.timeStamp;
      return;
    }
    const isTab = event.key === "Tab" && !event.shiftKey;
    if (event.key !== "Enter" && !isTab) return;
    const [line, field] = [lineOf(event.target), event.target];
    const text = field.value.trim();
    const scanned = fast >= 4 && fast >= text.length && event.timeStamp - last < 2 * FAST;
    fast = 0;
    if (field.name === "quantity") {
      // No amount has so many digits, or letters.
      const isCode = (scanned && text.length >= 6) || /^\d{8,}$/.test(text) || /\p{L}/u.test(text);
      if (isCode) {
        event.preventDefault();
        field.value = field.dataset.before || "1";
        grow();
        const target = lines().find((other) => !itemOf(other).value);
        itemOf(target).value = text;
        itemOf(target).dispatchEvent(new Event("input", { bubbles: true }));
        enter(target);
      } else if (!isTab) {
        event.preventDefault();
        grow();
        const all = lines();
        itemOf(all[all.indexOf(line) + 1] ?? line).focus();
      }
    } else if (text && scanned) {
      event.preventDefault();
      enter(line);
    } else {
      if (text) quantityOf(line).value ||= "1";
      if (isTab) return;
      event.preventDefault();
      if (text) quantityOf(line).focus();
    }
  });
})();
