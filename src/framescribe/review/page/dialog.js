"use strict";
window.review ??= {};

// Knows how to ask something in a window of its own, and how to say in passing what has happened.
(() => {
  const review = window.review;
  const { h } = review;
  let count = 0;

  /** A modal window: Esc and its cross close it, the focus goes back to where it was. Returns the <dialog>;
   *  `onclose` is called afterwards with what was given to dialog.close(…). */
  review.dialog = (title, content, { wide = false, sheet = false, onclose = null } = {}) => {
    const name = `dialog-${(count += 1)}`;
    const before = document.activeElement;
    const dialog = h("dialog", { "aria-labelledby": name, class: [wide && "wide", sheet && "sheet"] },
      h("header", null, h("h2", { id: name }, title), h("button", { class: "square quiet", "aria-label": "Close", onclick: () => dialog.close() }, review.icon("close"))),
      h("div", { class: "content" }, content));
    dialog.addEventListener("close", () => {
      if (dialog.contains(document.getElementById("said"))) document.body.append(document.getElementById("said"));
      dialog.remove();
      if (document.activeElement === document.body) (before?.isConnected ? before : document.getElementById("main")).focus({ preventScroll: true });
      onclose?.(dialog.returnValue);
    });
    // Only a press that also began on the backdrop closes: text selected with the mouse may end outside.
    let began = false;
    dialog.addEventListener("pointerdown", (event) => { began = event.target === dialog; });
    dialog.addEventListener("click", (event) => { if (began && event.target === dialog && !dialog.querySelector("textarea, input:not([type=checkbox])")) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? dialog.querySelector(".content :is(input, textarea, select, button, a)") ?? dialog).focus();
    return dialog;
  };

  /** Say what has happened, for a few seconds and to a screen reader. `undo`: called by a button of that name;
   *  `action`: {label, run} for another button; `problem`: it went wrong, and stays until it is closed. */
  review.say = (text, { undo = null, action = null, problem = false } = {}) => {
    const region = document.getElementById("said");
    const modal = document.querySelector("dialog:modal");
    if (region.parentElement !== (modal ?? document.body)) (modal ?? document.body).append(region);
    const button = action ?? (undo && { label: "Undo", run: undo });
    const toast = h("div", { class: ["toast", problem && "problem"], role: problem ? "alert" : null },
      h("span", { dir: "auto" }, text),
      button && h("button", { class: "quiet", onclick: () => { toast.remove(); button.run(); } }, button.label),
      problem && h("button", { class: "square quiet", "aria-label": "Close", onclick: () => toast.remove() }, review.icon("close")));
    region.replaceChildren(toast);
    const leave = () => setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) leave();
      else toast.remove();
    }, button ? 8000 : 4000);
    if (!problem) leave();
    return toast;
  };

  /** For a promise that nobody waits for: what goes wrong is said. */
  review.told = (promise) => promise.catch((error) => {
    if (error.name !== "AbortError") review.say(error.message, { problem: true });
  });
})();
