"use strict";
// The page's only script. Text from the run reaches the page through textContent alone.
(() => {
  const PAGE = 50;
  const ORDERS = 1, FAILED = 2, PEOPLE = 4, REPEATS = 8;
  const RESULTS = ["A", "B", "tie", "disagree", "none"];

  // ---- small helpers -------------------------------------------------------------------------------
  const el = (tag, attrs = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attrs)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) node.append(child instanceof Node ? child : String(child));
    }
    return node;
  };
  const chip = (text, tone = "") => el("span", { class: `chip ${tone}` }, text);
  const whole = (n) => n.toLocaleString("en-US");
  const short = (x) => (x === null || x === undefined ? "–" : String(Number(x.toPrecision(3))).replace("-", "−"));
  const said = (text) => el("div", { class: "said", dir: "auto" }, text ?? "");

  // ---- light and dark ------------------------------------------------------------------------------
  const theme = document.getElementById("theme");
  const isDark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  nameTheme();

  // ---- the payload ---------------------------------------------------------------------------------
  const readPayload = async () => {
    const node = document.getElementById("payload");
    const text = node.textContent;
    node.textContent = "";
    if (node.dataset.packed !== "yes") return JSON.parse(text);
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  const start = (data) => {
    const app = document.getElementById("items-app");
    const box = document.getElementById("item");
    const nPairs = data.pairs.start.length, nScores = data.scores.start.length, total = nPairs + nScores;
    const { duels, ratings, responses, dialogues } = data;
    const at = (table, name, i) => (table[name] ? table[name][i] : null);

    // Row i is a pair where i < nPairs, else a score. Its number on the page is i + 1.
    const row = (i) => {
      const pair = i < nPairs, rows = pair ? data.pairs : data.scores, k = pair ? i : i - nPairs;
      const t = pair ? duels : ratings, first = rows.start[k];
      return {
        i, pair, first, n: rows.n[k], flags: rows.flags[k], people: rows.people[k],
        d: t.d[first], c: t.c[first], r: t.r[first], a: pair ? t.a[first] : t.s[first], b: pair ? t.b[first] : -1,
        result: pair ? rows.result[k] : rows.score[k] === null ? 4 : -1, score: pair ? rows.share[k] : rows.score[k],
      };
    };
    const responseOf = new Map();
    const ofDialogue = new Map();
    for (let j = 0; j < (responses.d || []).length; j += 1) {
      responseOf.set(responses.d[j] * 4096 + responses.s[j], j);
      if (!ofDialogue.has(responses.d[j])) ofDialogue.set(responses.d[j], []);
      ofDialogue.get(responses.d[j]).push(j);
    }
    const responseAt = (d, s) => responseOf.get(d * 4096 + s);
    const group = (table) => {
      const by = new Map();
      for (let j = 0; j < (table.d || []).length; j += 1) {
        if (!by.has(table.d[j])) by.set(table.d[j], []);
        by.get(table.d[j]).push(j);
      }
      return by;
    };
    const duelsOf = group(duels), ratingsOf = group(ratings);
    const featuresOf = new Map();
    (data.features.d || []).forEach((d, j) => featuresOf.set(d * 4096 + data.features.s[j], j));
    const people = data.raters.human.map((h, j) => (h ? data.raters.simulated[j] : null)).filter((x) => x !== null);
    const simulated = people.length > 0 && people.every((x) => x);
    const peopleName = simulated ? "People (simulated)" : "People";
    const folk = simulated ? "simulated people" : "people";

    const resultText = (r) => {
      if (r.result === 4) return ["no answer", "bad"];
      if (!r.pair) return [short(r.score), "plain"];
      if (r.result === 3) return ["orders disagree", "warn"];
      if (r.result === 2) return ["tie", ""];
      return [data.systems[r.result === 0 ? r.a : r.b], "accent"];
    };
    const peopleText = (r) => {
      if (r.people === null || r.people === undefined) return "";
      if (!r.pair) return short(r.people);
      return r.people > 0.5 ? data.systems[r.a] : r.people < 0.5 ? data.systems[r.b] : "tie";
    };
    const flagChips = (r) => [
      r.flags & ORDERS && r.result !== 3 ? chip("orders differ", "warn") : null,
      r.flags & FAILED ? chip("has failures", "bad") : null,
      r.flags & PEOPLE ? chip(`against ${folk}`, "warn") : null,
      r.flags & REPEATS ? chip("repeats differ", "") : null,
    ].filter(Boolean);
    const excerpt = (d) => {
      const turns = (dialogues.turns || [])[d];
      return turns && turns.length ? turns[turns.length - 1] : (dialogues.situation || [])[d] || dialogues.id[d];
    };
    const emotionOf = (d) => (dialogues.emotion || [])[d] || "";

    // ---- filters -----------------------------------------------------------------------------------
    const state = { text: "", kind: "", system: "", emotion: "", criterion: "", judge: "", result: "", special: "", sort: "no", down: false, page: 0 };
    let shown = [];

    const matches = (text) => {
      const want = text.toLowerCase();
      const has = (x) => typeof x === "string" && x.toLowerCase().includes(want);
      const byDialogue = new Set();
      dialogues.id.forEach((id, d) => {
        if (has(id) || has((dialogues.situation || [])[d]) || has((dialogues.reference || [])[d]) || ((dialogues.turns || [])[d] || []).some((t, k) => k % 2 && has(t))) byDialogue.add(d);
      });
      const byResponse = new Set();
      (responses.text || []).forEach((t, j) => { if (has(t)) byResponse.add(j); });
      const byReason = new Set();
      data.reasons.forEach((t, j) => { if (has(t)) byReason.add(j); });
      return (r) => {
        if (byDialogue.has(r.d) || byResponse.has(responseAt(r.d, r.a)) || (r.b >= 0 && byResponse.has(responseAt(r.d, r.b)))) return true;
        const reasons = (r.pair ? duels : ratings).w;
        if (reasons) for (let j = r.first; j < r.first + r.n; j += 1) if (byReason.has(reasons[j])) return true;
        return false;
      };
    };
    const specials = {
      orders: (r) => r.flags & ORDERS, failed: (r) => r.flags & FAILED, people: (r) => r.flags & PEOPLE, repeats: (r) => r.flags & REPEATS,
    };
    const keys = {
      no: (r) => r.i,
      text: (r) => r.d,
      emotion: (r) => emotionOf(r.d),
      pair: (r) => `${data.systems[r.a]} ${r.b >= 0 ? data.systems[r.b] : ""}`,
      criterion: (r) => `${data.criteria[r.c]} ${data.raters.id[r.r]}`,
      result: (r) => (r.pair ? `0${r.result}${resultText(r)[0]}` : r.score === null ? -Infinity : r.score),
      people: (r) => (r.people === null ? -Infinity : r.people),
      flags: (r) => r.flags,
    };
    const compare = (x, y) => (typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x < typeof y ? -1 : 1);

    const apply = () => {
      const test = state.text ? matches(state.text) : null;
      const number = (value) => (value === "" ? null : Number(value));
      const system = number(state.system), criterion = number(state.criterion), judge = number(state.judge);
      const rows = [];
      for (let i = 0; i < total; i += 1) {
        const r = row(i);
        if (state.kind && (state.kind === "pairs") !== r.pair) continue;
        if (system !== null && r.a !== system && r.b !== system) continue;
        if (criterion !== null && r.c !== criterion) continue;
        if (judge !== null && r.r !== judge) continue;
        if (state.emotion && emotionOf(r.d) !== state.emotion) continue;
        if (state.result === "won" && !(r.pair && r.result < 2 && (system === null || (r.result === 0 ? r.a : r.b) === system))) continue;
        if (state.result === "lost" && !(r.pair && r.result < 2 && system !== null && (r.result === 0 ? r.b : r.a) === system)) continue;
        if (["tie", "disagree", "none"].includes(state.result) && RESULTS[r.result] !== state.result) continue;
        if (state.special && !specials[state.special](r)) continue;
        if (test && !test(r)) continue;
        rows.push(r);
      }
      if (state.sort !== "no" || state.down) {
        const key = keys[state.sort], sign = state.down ? -1 : 1;
        const sorted = rows.map((r) => [key(r), r]);
        sorted.sort((x, y) => sign * compare(x[0], y[0]) || x[1].i - y[1].i);
        shown = sorted.map((x) => x[1].i);
      } else shown = rows.map((r) => r.i);
      state.page = 0;
      draw();
    };

    // ---- the table ---------------------------------------------------------------------------------
    const columns = [
      ["no", "No."], ["text", "Dialogue"], ["emotion", "Emotion"], ["pair", "Systems"], ["criterion", "Criterion, judge"],
      ["result", "Result"], ["people", peopleName], ["flags", "Remarks"],
    ].filter(([key]) => (key !== "emotion" || (dialogues.emotion || []).some(Boolean)) && (key !== "people" || people.length));
    const body = el("tbody");
    const heads = new Map();
    const head = el("tr", {}, columns.map(([key, label]) => {
      const cell = el("th", { scope: "col", class: `c-${key}` }, el("button", { type: "button", onclick: () => {
        state.down = state.sort === key ? !state.down : false;
        state.sort = key;
        apply();
      } }, label));
      heads.set(key, cell);
      return cell;
    }));
    const status = el("span", { class: "small", role: "status" });
    const back = el("button", { type: "button", class: "button", onclick: () => { state.page -= 1; draw(); } }, "Previous");
    const next = el("button", { type: "button", class: "button", onclick: () => { state.page += 1; draw(); } }, "Next");

    const cells = {
      no: (r) => el("button", { type: "button", class: "open", "aria-label": `Open item ${r.i + 1}` }, whole(r.i + 1)),
      text: (r) => el("div", { class: "clip", dir: "auto" }, excerpt(r.d).slice(0, 240)),
      emotion: (r) => emotionOf(r.d),
      pair: (r) => (r.pair ? `${data.systems[r.a]} : ${data.systems[r.b]}` : data.systems[r.a]),
      criterion: (r) => [data.criteria[r.c], el("span", { class: "sub" }, data.raters.id[r.r])],
      result: (r) => { const [text, tone] = resultText(r); return tone === "plain" ? text : chip(text, tone); },
      people: (r) => { const text = peopleText(r); return text ? [el("span", { class: "narrow-only" }, `${folk}: `), text] : null; },
      flags: (r) => { const chips = flagChips(r); return chips.length ? el("div", { class: "chips" }, chips) : null; },
    };
    const draw = () => {
      const pages = Math.max(1, Math.ceil(shown.length / PAGE));
      const from = state.page * PAGE;
      body.replaceChildren(...shown.slice(from, from + PAGE).map((i) => {
        const r = row(i);
        return el("tr", { onclick: () => open(i) }, columns.map(([key]) => el("td", { class: `c-${key}${key === "text" ? " text" : ""}` }, cells[key](r))));
      }));
      for (const [key, cell] of heads) {
        if (key === state.sort) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      }
      const to = Math.min(from + PAGE, shown.length);
      status.textContent = shown.length ? `${whole(from + 1)}–${whole(to)} of ${whole(shown.length)}${shown.length < total ? ` (${whole(total)} in all)` : ""}` : "No item fits these filters.";
      back.disabled = state.page === 0;
      next.disabled = state.page >= pages - 1;
    };

    const select = (key, label, options) => {
      if (options.length < 2) return null;
      const box2 = el("select", { onchange: (e) => { state[key] = e.target.value; apply(); } },
        el("option", { value: "" }, "all"), options.map(([value, text]) => el("option", { value }, text)));
      return el("label", {}, label, box2);
    };
    let timer = 0;
    const search = el("input", { type: "search", placeholder: "dialogue, response or reason", oninput: (e) => {
      clearTimeout(timer);
      timer = setTimeout(() => { state.text = e.target.value.trim(); apply(); }, 180);
    } });
    const numbered = (names) => names.map((name, j) => [j, name]);
    const emotions = [...new Set((dialogues.emotion || []).filter(Boolean))].sort();
    const usedRaters = new Set();
    for (let i = 0; i < total; i += 1) usedRaters.add(row(i).r);
    const filters = el("div", { class: "filters" },
      el("label", { class: "wide" }, "Text", search),
      nPairs && nScores ? select("kind", "Kind", [["pairs", "comparisons"], ["scores", "scores"]]) : null,
      select("system", "System", numbered(data.systems)),
      select("criterion", "Criterion", numbered(data.criteria)),
      select("judge", "Judge", numbered(data.raters.id).filter(([j]) => usedRaters.has(j))),
      select("emotion", "Emotion", emotions.map((e) => [e, e])),
      select("result", "Result", [["won", "a system wins"], ["lost", "chosen system loses"], ["tie", "tie"], ["disagree", "orders disagree, level"], ["none", "no answer"]]),
      select("special", "Remarks", [["orders", "orders differ"], ["people", `judge against ${folk}`], ["failed", "has failures"], ["repeats", "repeats differ"]]));
    app.replaceChildren(filters, el("div", { class: "scroll" }, el("table", { class: "itemtable" }, el("thead", {}, head), body)), el("div", { class: "pager" }, back, next, status));
    app.removeAttribute("aria-busy");

    // ---- one item, page in page ---------------------------------------------------------------------
    const verdictText = (j) => {
      const v = duels.v[j];
      return v < 0 ? chip(data.outcomes[duels.f[j]].replaceAll("_", " "), "bad") : v === 2 ? chip("tie") : chip(data.systems[v === 0 ? duels.a[j] : duels.b[j]], "accent");
    };
    const raterName = (r) => (data.raters.simulated[r] ? `${data.raters.id[r]} (simulated)` : data.raters.id[r]);
    const reason = (table, j) => { const w = at(table, "w", j); return w === null || w < 0 ? "" : data.reasons[w]; };
    const table = (labels, rows) => el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, labels.map((l) => el("th", { scope: "col" }, l)))), el("tbody", {}, rows)));
    const part = (title, ...children) => el("section", {}, el("h3", {}, title), ...children);

    const card = (d, s, extra, winner) => {
      const j = responseAt(d, s);
      const facts = el("dl");
      const put = (name, value) => { if (value !== null && value !== undefined && value !== "") facts.append(el("dt", {}, name), el("dd", {}, value)); };
      if (j !== undefined) {
        put("made by", responses.made[j]);
        const details = responses.details[j];
        for (let k = 0; k < details.length; k += 2) put(details[k].replaceAll("_", " "), details[k + 1]);
      }
      const f = featuresOf.get(d * 4096 + s);
      const shownFacts = el("details", { class: "fold" }, el("summary", {}, "Features"), facts);
      if (f !== undefined) data.features.names.forEach((name, k) => put(name.replaceAll("_", " "), short(data.features.columns[k][f])));
      return el("article", { class: `card${winner ? " winner" : ""}` },
        el("header", {}, el("strong", {}, data.systems[s]), extra),
        j === undefined ? el("p", { class: "small" }, "The text of this response is not in the run.") : said(responses.text[j]),
        facts.childElementCount ? shownFacts : null);
    };
    const duelTable = (list, heading) => {
      const repeats = list.some((j) => at(duels, "k", j));
      const reasoned = list.some((j) => reason(duels, j));
      const probable = list.some((j) => at(duels, "p", j) !== null);
      return part(heading, table(["Rater", "Criterion", "Shown first", ...(repeats ? ["Repeat"] : []), "Verdict", ...(probable ? [`P(${data.systems[duels.a[list[0]]]} better)`] : []), ...(reasoned ? ["Reason"] : [])],
        list.map((j) => el("tr", {}, el("td", {}, raterName(duels.r[j])), el("td", {}, data.criteria[duels.c[j]]),
          el("td", {}, duels.o[j] === 0 ? data.systems[duels.a[j]] : data.systems[duels.b[j]]),
          repeats ? el("td", {}, short(at(duels, "k", j) ?? 0)) : null, el("td", {}, verdictText(j)),
          probable ? el("td", {}, short(at(duels, "p", j))) : null, reasoned ? el("td", { class: "reason", dir: "auto" }, reason(duels, j)) : null))));
    };
    const ratingTable = (list, heading) => {
      const reasoned = list.some((j) => reason(ratings, j));
      return part(heading, table(["Rater", "System", "Criterion", "Score", ...(reasoned ? ["Reason"] : [])],
        list.map((j) => el("tr", {}, el("td", {}, raterName(ratings.r[j])), el("td", {}, data.systems[ratings.s[j]]), el("td", {}, data.criteria[ratings.c[j]]),
        el("td", {}, ratings.x[j] === null ? chip(data.outcomes[ratings.f[j]].replaceAll("_", " "), "bad") : short(ratings.x[j])),
          reasoned ? el("td", { class: "reason", dir: "auto" }, reason(ratings, j)) : null))));
    };

    const contextPart = (d) => {
      const turns = (dialogues.turns || [])[d] || [];
      const lines = [];
      for (let k = 0; k < turns.length; k += 2) lines.push(el("div", { class: "turn" }, el("span", { class: "who" }, turns[k]), said(turns[k + 1])));
      const situation = (dialogues.situation || [])[d];
      return part("Dialogue", el("div", { class: "meta" }, el("span", {}, `id ${dialogues.id[d]}`), emotionOf(d) ? el("span", {}, `emotion ${emotionOf(d)}`) : null),
        situation ? el("div", { class: "turn" }, el("span", { class: "who" }, "situation"), said(situation)) : null, lines);
    };
    const sheet = (r) => {
      const of = (table_, test) => ((table_ === duels ? duelsOf : ratingsOf).get(r.d) || []).filter(test);
      const same = (j) => (duels.a[j] === r.a && duels.b[j] === r.b);
      const chosen = r.pair ? [r.a, r.b] : [r.a];
      const mine = [];
      for (let j = r.first; j < r.first + r.n; j += 1) mine.push(j);
      const winner = r.pair && r.result < 2 ? (r.result === 0 ? r.a : r.b) : -1;
      const parts = [contextPart(r.d)];
      parts.push(part("Responses", el("div", { class: "cards" }, chosen.map((s) => card(r.d, s, s === winner ? chip("preferred", "accent") : r.pair ? null : chip(`score ${short(r.score)}`), s === winner)))));
      parts.push(r.pair ? duelTable(mine, "This comparison") : ratingTable(mine, "This score"));
      const human = (j, t) => data.raters.human[t.r[j]];
      const humanDuels = of(duels, (j) => human(j, duels) && (!r.pair || same(j)) && !mine.includes(j));
      const humanScores = of(ratings, (j) => human(j, ratings) && chosen.includes(ratings.s[j]) && !(!r.pair && mine.includes(j)));
      if (humanDuels.length) parts.push(duelTable(humanDuels, `${peopleName}: comparisons`));
      if (humanScores.length) parts.push(ratingTable(humanScores, `${peopleName}: scores`));
      const moreDuels = of(duels, (j) => !human(j, duels) && r.pair && same(j) && !mine.includes(j));
      const moreScores = of(ratings, (j) => !human(j, ratings) && chosen.includes(ratings.s[j]) && !(!r.pair && mine.includes(j)));
      if (moreDuels.length) parts.push(duelTable(moreDuels, "Other judges and criteria"));
      if (moreScores.length) parts.push(ratingTable(moreScores, "Scores by judges"));
      const others = (ofDialogue.get(r.d) || []).filter((j) => !chosen.includes(responses.s[j]));
      const reference = (dialogues.reference || [])[r.d];
      if (others.length || reference) {
        parts.push(el("details", { class: "fold" }, el("summary", {}, "Other responses to this dialogue ", el("span", { class: "count" }, others.length + (reference ? 1 : 0))),
          el("div", { class: "cards" }, reference ? el("article", { class: "card" }, el("header", {}, el("strong", {}, "reference")), said(reference)) : null, others.map((j) => card(r.d, responses.s[j], null, false)))));
      }
      return parts;
    };

    let current = -1;
    const step = (by) => {
      const place = shown.indexOf(current) + by;
      if (place >= 0 && place < shown.length) open(shown[place]);
    };
    const open = (i) => {
      if (!(i >= 0 && i < total)) return;
      current = i;
      const r = row(i), place = shown.indexOf(i);
      const what = r.pair ? `${data.systems[r.a]} and ${data.systems[r.b]}` : data.systems[r.a];
      const button = (label, text, disabled, onclick) => el("button", { type: "button", class: "button", "aria-label": label, disabled, onclick }, text);
      box.replaceChildren(
        el("div", { class: "sheet-top" }, el("h2", { id: "item-title" }, `Item ${whole(i + 1)}: ${what}, ${data.criteria[r.c]} `, el("span", { class: "sub" }, data.raters.id[r.r])),
          el("div", { class: "tools" }, button("Previous item", "←", place <= 0, () => step(-1)), button("Next item", "→", place < 0 || place >= shown.length - 1, () => step(1)), button("Close", "Close", false, () => box.close()))),
        el("div", { class: "sheet" }, sheet(r)));
      if (!box.open) box.showModal();
      box.scrollTop = 0;
      history.replaceState(null, "", `#item=${i + 1}`);
    };
    box.addEventListener("close", () => {
      history.replaceState(null, "", "#items");
      const line = [...body.querySelectorAll(".open")][shown.indexOf(current) - state.page * PAGE];
      if (line) line.focus();
    });
    box.addEventListener("click", (e) => { if (e.target === box) box.close(); });
    box.addEventListener("keydown", (e) => {
      if (e.key === "ArrowLeft") step(-1);
      if (e.key === "ArrowRight") step(1);
    });
    const fromAddress = () => { const m = /^#item=(\d+)$/.exec(location.hash); if (m) open(Number(m[1]) - 1); };
    addEventListener("hashchange", fromAddress);
    if (!total) { app.replaceChildren(el("p", { class: "small" }, "The run holds no judgments.")); return; }
    apply();
    fromAddress();
  };

  readPayload().then(start).catch((error) => {
    document.getElementById("items-app").replaceChildren(el("p", { class: "banner" }, `The items could not be read in this browser: ${error.message}`));
  });
})();
