// The visual editor over a text area: what is typed here is written into the area, which is what the form sends.
import { baseKeymap, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { inputRules, textblockTypeInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import { EditorState, Plugin } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { isInTable } from "prosemirror-tables";
import { read, schema, write } from "./markdown.js";
import { showing } from "./remarks.js";
import { tableCommands, tableKeys, tablePlugins } from "./tables.js";

const { nodes, marks } = schema;

function insertBreak(state, dispatch) {
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
}

function link(state, dispatch) {
  if (!dispatch) return !state.selection.empty;
  if (state.doc.rangeHasMark(state.selection.from, state.selection.to, marks.link)) return toggleMark(marks.link)(state, dispatch);
  const href = window.prompt("Adresse des Links (https://… oder /beschluss/2021/39)", "");
  if (href && /^(https?:\/\/|mailto:|\/|#a\d)/.test(href.trim())) toggleMark(marks.link, { href: href.trim() })(state, dispatch);
  return true;
}

function footnote(state, dispatch) {
  const used = new Set();
  state.doc.descendants((node) => { if (node.type === nodes.note) used.add(node.attrs.name); });
  let number = 1;
  while (used.has(String(number))) number += 1;
  if (dispatch) {
    const note = nodes.note.create({ name: String(number) });
    const place = state.selection.to;
    const text = nodes.paragraph.create(null, [nodes.note.create({ name: String(number) }), schema.text(": ")]);
    const tr = state.tr.insert(place, note);
    dispatch(tr.insert(tr.doc.content.size, text).scrollIntoView());
  }
  return true;
}

const COMMANDS = [
  ["Fett", "F", toggleMark(marks.strong), (state) => hasMark(state, marks.strong)],
  ["Kursiv", "K", toggleMark(marks.em), (state) => hasMark(state, marks.em)],
  ["Überschrift", "Ü", setBlockType(nodes.heading, { level: 1 }), (state) => isIn(state, nodes.heading)],
  ["Absatz", "¶", setBlockType(nodes.paragraph), null],
  ["Liste", "•", wrapInList(nodes.bullet_list), null],
  ["Nummerierte Liste", "1.", wrapInList(nodes.ordered_list), null],
  ["Aus der Liste", "⇤", liftListItem(nodes.list_item), null],
  ["Zitat", "„“", wrapIn(nodes.blockquote), null],
  ["Link", "Link", link, (state) => hasMark(state, marks.link)],
  ["Fußnote", "¹", footnote, null],
  ["Rückgängig", "↶", undo, null],
  ["Wiederholen", "↷", redo, null],
  ...tableCommands.map(([name, command], index) => [name, name, command, null, index > 0]),
];

function hasMark(state, mark) {
  const { from, $from, to, empty } = state.selection;
  return empty ? Boolean(mark.isInSet(state.storedMarks || $from.marks())) : state.doc.rangeHasMark(from, to, mark);
}

function isIn(state, type) {
  return state.selection.$from.parent.type === type;
}

function toolbar(view) {
  const bar = document.createElement("div");
  bar.className = "editor-bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Text gestalten");
  const buttons = COMMANDS.map(([name, sign, command, isOn, isForTables], index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = index ? -1 : 0;
    if (sign !== name) {
      button.title = name;
      button.setAttribute("aria-label", name);
    }
    button.textContent = sign;
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => { command(view.state, view.dispatch, view); view.focus(); });
    bar.append(button);
    return { button, command, isOn, isForTables };
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = buttons.map((row) => row.button).filter((button) => !button.hidden);
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  });
  const update = () => {
    const isTable = isInTable(view.state);
    for (const { button, command, isOn, isForTables } of buttons) {
      button.hidden = Boolean(isForTables) && !isTable;
      button.setAttribute("aria-disabled", String(!command(view.state)));
      if (isOn) button.setAttribute("aria-pressed", String(isOn(view.state)));
    }
  };
  return { bar, update };
}

const RULES = [
  wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
  wrappingInputRule(/^\s*([-*])\s$/, nodes.bullet_list),
  wrappingInputRule(/^(\d{1,3})\.\s$/, nodes.ordered_list, (match) => ({ order: +match[1] })),
  textblockTypeInputRule(/^(#{1,4})\s$/, nodes.heading, (match) => ({ level: match[1].length })),
];

const KEYS = {
  "Mod-z": undo, "Mod-y": redo, "Mod-Shift-z": redo, "Mod-b": toggleMark(marks.strong), "Mod-i": toggleMark(marks.em), "Mod-k": link,
  "Shift-Enter": insertBreak, Enter: splitListItem(nodes.list_item), "Mod-]": sinkListItem(nodes.list_item), "Mod-[": liftListItem(nodes.list_item),
};

/** Put the editor in place of `area`; false where the text cannot be shown without loss. `onChange` is told of every change, `remarks` are marked. */
export function attach(area, onChange, remarks = []) {
  const doc = read(area.value);
  if (!doc) return null;
  let bar = null;
  const follow = new Plugin({
    view: () => ({
      update: (view, before) => {
        bar?.update();
        if (before.doc.eq(view.state.doc)) return;
        area.value = write(view.state.doc);
        onChange();
      },
    }),
  });
  const place = document.createElement("div");
  place.className = "editor";
  const view = new EditorView({ mount: place }, {
    state: EditorState.create({ doc, plugins: [inputRules({ rules: RULES }), history(), keymap(tableKeys), keymap(KEYS), keymap(baseKeymap), ...tablePlugins, showing(remarks), follow] }),
    attributes: {
      role: "textbox", "aria-multiline": "true", "aria-labelledby": "text-name", class: "prose editor-text", spellcheck: "true", lang: "de",
    },
  });
  bar = toolbar(view);
  area.before(bar.bar, place);
  area.hidden = true;
  bar.update();
  return {
    /** How many characters of the text stand before the end of the paragraph at the cursor. */
    place() {
      const { $head } = view.state.selection;
      const end = $head.depth ? $head.after(1) : view.state.selection.to;
      return [...write(view.state.doc.cut(0, end))].length;
    },
    destroy() { view.destroy(); place.remove(); bar.bar.remove(); area.hidden = false; },
    focus() { view.focus(); },
  };
}
