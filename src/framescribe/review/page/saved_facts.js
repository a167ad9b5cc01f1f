"use strict";
window.review ??= {};

// Knows what a condition on facts means, as measures/expression.py does where there is a server; what is not known, null,
// makes it neither true nor false.
(() => {
  const review = window.review;
  const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|("[^"]*"|'[^']*')|([\p{L}_][\p{L}\p{N}_]*)|(<=|>=|==|!=|[<>=()[\],-]))/uy;
  const COMPARED = { ">": (a, b) => a > b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, "<=": (a, b) => a <= b };
  const EQUAL = { "=": true, "==": true, "!=": false };
  const WORDS = new Set(["and", "or", "not", "in"]);

  const tokens = (text) => {
    const found = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const [, number, quoted, word, sign] = TOKEN.exec(text) ?? [];
      if (number !== undefined) found.push({ number: Number(number) });
      else if (quoted !== undefined) found.push({ text: quoted.slice(1, -1) });
      else if (word !== undefined) found.push(WORDS.has(word) ? { sign: word } : { word });
      else if (sign !== undefined) found.push({ sign });
      else throw new Error("it cannot be read");
    }
    return found;
  };

  const truth = (value) => (value === null ? null : Array.isArray(value) ? value.length > 0 : Boolean(value));
  const sure = (found) => (found.includes(false) ? false : found.includes(null) ? null : true);
  const not = (value) => (value === null ? null : !value);

  const plain = (value) => (typeof value === "boolean" ? Number(value) : value);
  const same = (a, b) => {
    if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => one === b[at]);
    if (Array.isArray(a)) return a.some((one) => same(one, b));
    return Array.isArray(b) ? same(b, a) : plain(a) === plain(b);
  };

  /** The test of rows that a condition stands for; `names` are those it may use, `lists` what those may hold that are
   *  lists. Throws an Error that says why it is none. */
  const read = (text, names, lists) => {
    const rest = tokens(text);
    const next = (...signs) => (rest.length > 0 && signs.includes(rest[0].sign) ? rest.shift().sign : null);
    const must = (sign) => { if (next(sign) === null) throw new Error("it cannot be read"); };
    const fixed = (value, kind) => ({ kind, of: () => value, fixed: true });

    const many = (end, first = []) => {
      const parts = first;
      while (next(end) === null) {
        parts.push(negative());
        if (next(",") === null) {
          must(end);
          break;
        }
      }
      if (parts.length === 0 || parts.some((part) => !part.fixed || part.kind === "list")) throw new Error("that list is not understood");
      return fixed(parts.map((part) => part.of()), "list");
    };
    const atom = () => {
      if (next("[") !== null) return many("]");
      if (next("(") !== null) {
        const inside = any();
        if (next(",") !== null) return many(")", [inside]);
        must(")");
        return inside;
      }
      const token = rest.shift() ?? {};
      if (token.number !== undefined) return fixed(token.number, "number");
      if (token.text !== undefined) return fixed(token.text, "text");
      if (token.word === "True" || token.word === "False") return fixed(token.word === "True", "number");
      if (token.word === undefined) throw new Error("it cannot be read");
      const { word } = token;
      return names.includes(word) ? { kind: word in lists ? "list" : "number", name: word, of: (values) => values[word] ?? null } : { ...fixed(word, "text"), word };
    };
    const negative = () => {
      if (next("-") === null) return atom();
      const one = negative();
      if (one.kind !== "number") throw new Error("- is for numbers");
      return { kind: "number", fixed: one.fixed, of: (values) => (one.of(values) === null ? null : -one.of(values)) };
    };
    const compared = (sign, one, other) => {
      const among = sign === "in" || sign === "not in", equal = sign in EQUAL;
      const list = [one, other].find((side) => side.name in lists);
      // Where a move has the name of a fact (shake), it is the move that is meant here.
      [one, other] = [one, other].map((side) => (list && lists[list.name].includes(side.name) ? fixed(side.name, "text") : side));
      for (const side of [one, other]) {
        if (side.word !== undefined && !list) throw new Error(`nothing is called '${side.word}'`);
        if (list && side.kind === "text" && !lists[list.name].includes(side.of())) throw new Error(`${list.name} is never '${side.of()}'`);
      }
      const fits = among ? other.kind === "list" && one.kind !== "list" && !(one.kind === "number" && other.name)
        : one.kind === other.kind ? one.kind !== "list" || equal
          : equal && [one.kind, other.kind].sort().join() === "list,text";
      if (!fits) throw new Error("two things in it cannot be compared");
      return (values) => {
        const a = one.of(values), b = other.of(values);
        if ([a, b].some((side) => side === null || side.length === 0)) return null; // no movement of the camera is sure
        if (among) return same(b, a) === (sign === "in");
        return equal ? same(a, b) === EQUAL[sign] : COMPARED[sign](a, b);
      };
    };
    const sign_of = () => {
      const sign = next(...Object.keys(COMPARED), ...Object.keys(EQUAL), "in", "not");
      if (sign !== "not") return sign;
      must("in");
      return "not in";
    };
    const comparison = () => {
      let one = negative();
      const tests = [];
      for (let sign = sign_of(); sign !== null; sign = sign_of()) {
        const other = negative();
        tests.push(compared(sign, one, other));
        one = other;
      }
      if (tests.length === 0) {
        if (one.word !== undefined && rest[0]?.sign !== ",") throw new Error(`nothing is called '${one.word}'`);
        return one;
      }
      return { kind: "number", of: (values) => sure(tests.map((test) => test(values))) };
    };
    const condition = (one) => {
      if (one.fixed && typeof one.of() !== "boolean") throw new Error(`${one.of()} is no condition by itself: compare something with it`);
      return one;
    };
    const denied = () => {
      if (next("not") === null) return comparison();
      const one = condition(denied());
      return { kind: "number", of: (values) => not(truth(one.of(values))) };
    };
    const joined = (sign, part, join) => () => {
      const parts = [part()];
      while (next(sign) !== null) parts.push(part());
      return parts.length === 1 ? parts[0] : { kind: "number", of: (values) => join(parts.map(condition).map((one) => truth(one.of(values)))) };
    };
    const every = joined("and", denied, sure);
    const any = joined("or", every, (found) => not(sure(found.map(not))));

    const whole = condition(any());
    if (rest.length > 0) throw new Error("it cannot be read");
    return (values) => truth(whole.of(values)) === true;
  };

  review.saved_facts = (text, { names = [], lists = {} } = {}) => {
    try {
      return read(text, names, lists);
    } catch (error) {
      throw new review.source.Failure(`facts '${text}': ${error.message}. Write it like this: 'motion > 0.02 and not cuts', or 'camera = pan_left'.`, 400);
    }
  };
})();
