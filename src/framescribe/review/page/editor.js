"use strict";
window.review ??= {};

// Knows how one text of a clip is changed in its place: nothing typed is lost, and nobody's words are overwritten unseen.
(() => {
  const review = window.review;
  const { h } = review;
  const grows = CSS.supports("field-sizing", "content");

  const drafts = {
    name: (key, field) => `framescribe.draft ${key} ${field}`,
    get(key, field) {
      try {
        return JSON.parse(sessionStorage.getItem(drafts.name(key, field)));
      } catch {
        return null;
      }
    },
    put(key, field, draft) {
      try {
        if (draft) sessionStorage.setItem(drafts.name(key, field), JSON.stringify(draft));
        else sessionStorage.removeItem(drafts.name(key, field));
      } catch { /* then it lives in the box alone */ }
    },
  };

  const waiting = new Set(); // what is to be saved again when the server is back
  review.source.on?.((reachable) => {
    if (!reachable) return;
    for (const save of [...waiting]) save();
    waiting.clear();
  });

  /** A text with what it takes to change it. `what`: {field, label, text, locked, none (what to show for no text),
   *  display (what to show for the text, if that is more than its words)}. `ongo()` is called after Ctrl+Enter has saved.
   *  Returns {element, edit(), editing, update({text, locked, display})}. */
  review.editor = (key, { field, label, text, locked = false, none = "No text.", big = false, ongo = null, display = null }) => {
    const element = h("div", { class: ["editor", big && "big"] });
    let box = null, base = text;
    const live = review.source.live;

    const show = () => {
      box = null;
      const draft = live ? drafts.get(key, field) : null;
      const shown = h("p", { class: ["text", display && "checked", !text && "none"], dir: "auto" }, (text && display?.(text)) || text || none);
      if (live) shown.addEventListener("click", () => getSelection().isCollapsed && !locked && edit());
      review.fill(element, shown,
        draft && h("p", { class: "note" }, "You began to change this. ", h("button", { class: "link", onclick: () => edit() }, "Go on"), " or ",
          h("button", { class: "link", onclick: () => { drafts.put(key, field, null); show(); } }, "throw your draft away"), "."),
        live && !locked && !big && h("button", { class: "link pencil", "aria-label": `Edit: ${label}`, "data-focus": `edit ${field}`, onclick: () => edit() }, "Edit"));
    };

    const fit = () => {
      if (grows || !box) return;
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + 2}px`;
    };

    const edit = () => {
      if (!live) return;
      if (locked) return review.say("This clip is locked. Unlock it first (x).");
      if (box) return box.focus();
      const draft = drafts.get(key, field);
      base = draft?.base ?? text;
      box = h("textarea", { value: draft?.text ?? text ?? "", "aria-label": label, dir: "auto", rows: big ? 4 : 2, spellcheck: "true", "data-focus": `box ${field}` });
      const told = h("div", { class: "told", role: "status" });
      box.addEventListener("input", () => {
        drafts.put(key, field, box.value === (base ?? "") ? null : { text: box.value, base });
        fit();
      });
      box.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          save(true);
        } else if (event.key === "Escape") {
          event.preventDefault();
          leave();
        }
      });
      review.fill(element, box, told, h("div", { class: "buttons" },
        h("button", { class: "primary", onclick: () => save(false) }, "Save"),
        h("button", { class: "quiet", title: "Esc does this, too; what you typed is kept as a draft", onclick: () => leave() }, "Close"),
        h("span", { class: "quiet small hint" }, h("kbd", null, "Ctrl"), " + ", h("kbd", null, "Enter"), ongo ? " saves and goes on" : " saves")));
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
      fit();
      if (base !== text) differs();
    };

    const leave = () => {
      const kept = drafts.get(key, field);
      show();
      document.getElementById("main").focus({ preventScroll: true });
      if (kept) review.say("What you typed is kept as a draft.");
    };

    const say = (...children) => box && review.fill(element.querySelector(".told"), h("div", { class: "note problem" }, children));

    /** It says something else now than when one began: both are shown, and a person decides. */
    const differs = () => {
      const mine = box.value, theirs = text;
      say(h("p", null, h("b", null, "This text has changed in the meantime."), " It now says (your changes marked):"),
        h("p", { class: "diff", dir: "auto" }, review.words.diff(theirs, mine)),
        h("div", { class: "buttons" },
          h("button", { onclick: () => { base = theirs; drafts.put(key, field, { text: box.value, base }); save(false); } }, "Save mine"),
          h("button", { onclick: () => { drafts.put(key, field, null); show(); } }, "Keep theirs")));
    };

    const save = async (go) => {
      if (!box) return;
      const mine = box, value = box.value;
      if (value === (base ?? "") && base === text) {
        drafts.put(key, field, null);
        show();
        return go && ongo?.();
      }
      drafts.put(key, field, { text: value, base });
      try {
        const { undo } = await review.changes.make(key, field, value === "" && field === "note" ? null : value, base);
        drafts.put(key, field, null);
        if (mine === box) {
          text = value;
          show();
          review.say("Saved.", { undo: undo && (() => review.told(undo())) });
          if (go) ongo?.();
          else document.getElementById("main").focus({ preventScroll: true });
        }
      } catch (error) {
        if (mine !== box) return;
        if (error.status === 409 && error.body?.row) {
          text = error.body.stands;
          review.list.put([error.body.row]);
          differs();
        } else if (error.status === 423) say("This clip is locked: unlock it (x), then save again. Your text stays here.");
        else if (error.status === 0) {
          waiting.add(() => mine === box && element.isConnected && save(false));
          say("Not saved: the server does not answer. Your text stays here; it is saved when the server is back, or press Save again.");
        } else say(error.message);
      }
    };

    show();
    return {
      element,
      edit,
      get editing() { return box !== null; },
      get draft() { return live && drafts.get(key, field) !== null; },
      update(next) {
        if (next.text === text && next.locked === locked && !next.display) return;
        ({ text, locked = false, display = null } = next);
        if (!box) show();
      },
    };
  };

  /** As `review.editor`, for a field that takes one of `choices`: what is chosen is kept at once. */
  review.choice = (key, { field, label, text, locked = false, choices }) => {
    const box = h("select", { "aria-label": label, "data-focus": `box ${field}`, onchange: () => choose() });

    const show = () => {
      box.disabled = locked;
      review.fill(box, [...new Set([...choices, text])].map((one) => h("option", { value: one }, one || "–")));
      box.value = text;
    };

    const choose = async () => {
      try {
        const { undo } = await review.changes.make(key, field, box.value, text);
        review.say("Saved.", { undo: undo && (() => review.told(undo())) });
      } catch (error) {
        show();
        if (error.status === 409 && error.body?.row) review.list.put([error.body.row]);
        review.say(error.message, { problem: true });
      }
    };

    show();
    return {
      element: box,
      update(next) {
        ({ text, locked = false } = next);
        show();
      },
    };
  };
})();
